using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Storage;

public class GenerationFloorTests
{
    /// <summary>The token that a generation makes has to fit 63 bits for as long as anybody may run this.</summary>
    [Fact]
    public void At_LeavesTokensPositiveAndGrowing_UntilTheYear2100()
    {
        var end = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var late = GenerationFloor.At(end);
        var token = FencingToken.Make(late, FencingToken.MaxCounter);
        Assert.True(token > 0);
        Assert.Equal(late, FencingToken.GenerationOf(token));
        Assert.True(FencingToken.Make(late + 1, 0) > token);
        Assert.Equal(late + 1, GenerationFloor.At(end.AddMilliseconds(63)));
    }
}
