using OrleansJobs.Samples;

namespace OrleansJobs.Tests.Samples;

public class WordCountJobTests
{
    private readonly SampleJobContext _job = new();

    [Theory]
    [InlineData("", 0, 0)]
    [InlineData(" .,;-' ", 0, 0)]
    [InlineData("The cat saw the dog.", 5, 4)]
    [InlineData("don't well-known e.g. a-", 5, 5)]
    [InlineData("Straße straße STRASSE", 3, 2)]
    [InlineData("naïve nai\u0308ve", 2, 2)]
    [InlineData("日本 \U0001F600 𝒜b", 2, 2)]
    [InlineData("lone \ud800 surrogate \udc00", 2, 2)]
    public async Task Run_CountsWords(string text, int total, int distinct)
    {
        var count = await Run(new WordCountArgs(text));
        Assert.Equal((total, distinct), (count.Total, count.Distinct));
    }

    [Fact]
    public async Task Run_NamesTheMostFrequentFirst()
    {
        var count = await Run(new WordCountArgs("b c a B c d", Top: 3));
        Assert.Equal([new("b", 2), new("c", 2), new("a", 1)], count.Top);
    }

    [Fact]
    public async Task Run_ReportsCharactersDone()
    {
        var text = string.Concat(Enumerable.Repeat("word ", 4000));
        await Run(new WordCountArgs(text));

        Assert.True(_job.Reports.Count > 4);
        Assert.All(_job.Reports, report => Assert.Equal(text.Length, report.Total));
        Assert.Equal(_job.Reports.Select(report => report.Current).Order(), _job.Reports.Select(report => report.Current));
        Assert.Equal((text.Length, "4000 words"), (_job.Reports[^1].Current, _job.Reports[^1].Message));
    }

    [Fact]
    public async Task Run_AgreesWithASplit_HoweverWordsFallOnItsStrides()
    {
        var chance = new Random(7);
        var words = Enumerable.Range(0, 20_000).Select(_ => new string((char)('a' + chance.Next(26)), chance.Next(1, 12))).ToArray();
        var count = await Run(new WordCountArgs(string.Join(' ', words), Top: WordCountJob.MaxTop));

        Assert.Equal((words.Length, words.Distinct().Count()), (count.Total, count.Distinct));
        Assert.Equal(words.GroupBy(word => word).ToDictionary(group => group.Key, group => group.Count()), count.Top.ToDictionary(word => word.Word, word => word.Count));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1001)]
    public async Task Run_WhenTopIsOutOfBounds_GivesUp(int top)
    {
        var exception = await Assert.ThrowsAsync<GiveUpException>(() => Run(new WordCountArgs("a", top)));
        Assert.Equal($"top is 0 to 1000; it is {top}.", exception.Message);
    }

    [Fact]
    public async Task Run_WithoutText_GivesUp()
    {
        await Assert.ThrowsAsync<GiveUpException>(() => Run(new WordCountArgs(null!)));
        await Assert.ThrowsAsync<GiveUpException>(() => Run(null!));
    }

    [Fact]
    public async Task Run_WhenCancelled_Stops() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new WordCountJob().RunAsync(new WordCountArgs("a b"), _job, new CancellationToken(true)));

    private Task<WordCount> Run(WordCountArgs args) => new WordCountJob().RunAsync(args, _job, default);
}
