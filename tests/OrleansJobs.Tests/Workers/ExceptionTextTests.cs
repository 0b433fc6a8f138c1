using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class ExceptionTextTests
{
    [Fact]
    public void AnExceptionThatThrowsWhenLookedAt_IsSurvived()
    {
        var exception = new Hostile();
        Assert.Equal(nameof(Hostile), ExceptionText.TypeOf(exception));
        Assert.Equal("The exception's message could not be read.", ExceptionText.MessageOf(exception, 100));
        Assert.Contains(nameof(Hostile), ExceptionText.DetailOf(exception));
    }

    [Fact]
    public void AMessageThatIsNull_IsEmpty() => Assert.Equal("", ExceptionText.MessageOf(new Silent(), 100));

    [Theory]
    [InlineData("12345", 5, "12345")]
    [InlineData("123456", 5, "1234…")]
    [InlineData("123\U0001F600", 5, "123\U0001F600")]
    [InlineData("123\U0001F6006", 5, "123…")]
    public void Clip_KeepsToTheLimit_AndDoesNotCutACharacterInTwo(string text, int limit, string expected) =>
        Assert.Equal(expected, ExceptionText.Clip(text, limit));

    private sealed class Hostile : Exception
    {
        public override string Message => throw new InvalidOperationException();

        public override string ToString() => throw new InvalidOperationException();
    }

    private sealed class Silent : Exception
    {
        public override string Message => null!;
    }
}
