using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using OrleansJobs.Samples;

namespace OrleansJobs.Tests.Samples;

public sealed class HashFileJobTests : IDisposable
{
    private const int Chunk = 64 << 10;
    private readonly SampleJobContext _job = new();
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("oj-hash-");
    private readonly string _files;

    public HashFileJobTests()
    {
        _files = _root.CreateSubdirectory("files").FullName;
        File.WriteAllText(Path.Combine(_root.FullName, "secret.txt"), "secret");
    }

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk)]
    [InlineData(3 * Chunk + 5)]
    public async Task Run_HashesContentByChunks(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);

        var hash = await Run(new HashFileArgs(Content: content));

        Assert.Equal(new FileHash(Convert.ToHexStringLower(SHA256.HashData(content)), length), hash);
        Assert.Equal((length + Chunk - 1) / Chunk + 2, _job.Reports.Count);
        Assert.All(_job.Reports, report => Assert.Equal(length, report.Total));
        Assert.Equal(length, _job.Reports[^1].Current);
    }

    [Fact]
    public async Task Run_HashesAFileOfTheFolder()
    {
        Directory.CreateDirectory(Path.Combine(_files, "sub"));
        await File.WriteAllTextAsync(Path.Combine(_files, "sub", "abc.txt"), "abc");

        var hash = await Run(new HashFileArgs(Path: "sub/abc.txt"));

        Assert.Equal(new FileHash("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3), hash);
    }

    [Theory]
    [InlineData("../secret.txt")]
    [InlineData("sub/../../secret.txt")]
    [InlineData("..\\secret.txt")]
    [InlineData("./a")]
    [InlineData("/etc/hostname")]
    [InlineData("a//b")]
    [InlineData("")]
    [InlineData("a\0b")]
    public async Task Run_WhenThePathLeadsOut_GivesUp(string path)
    {
        var exception = await Assert.ThrowsAsync<GiveUpException>(() => Run(new HashFileArgs(Path: path)));
        Assert.StartsWith("A path is names of folders and a file", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenThePathLeadsThroughALink_GivesUp()
    {
        File.CreateSymbolicLink(Path.Combine(_files, "link.txt"), Path.Combine(_root.FullName, "secret.txt"));
        Directory.CreateSymbolicLink(Path.Combine(_files, "up"), _root.FullName);

        foreach (var path in new[] { "link.txt", "up/secret.txt" })
        {
            var exception = await Assert.ThrowsAsync<GiveUpException>(() => Run(new HashFileArgs(Path: path)));
            Assert.EndsWith("links are not followed.", exception.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("none.txt")]
    [InlineData("none/none.txt")]
    public async Task Run_WhenThereIsNoSuchFile_GivesUpWithoutNamingTheFolder(string path)
    {
        var exception = await Assert.ThrowsAsync<GiveUpException>(() => Run(new HashFileArgs(Path: path)));
        Assert.Equal($"'{path}' is not a file that can be read.", exception.Message);
    }

    [Fact]
    public async Task Run_WhenThePathIsAFolder_GivesUp()
    {
        Directory.CreateDirectory(Path.Combine(_files, "sub"));
        await Assert.ThrowsAsync<GiveUpException>(() => Run(new HashFileArgs(Path: "sub")));
    }

    [Fact]
    public async Task Run_WithoutAConfiguredFolder_SaysSo()
    {
        var job = new HashFileJob(new ConfigurationBuilder().Build());
        var exception = await Assert.ThrowsAsync<GiveUpException>(() => job.RunAsync(new HashFileArgs(Path: "a"), _job, default));
        Assert.Contains("Samples:Files is not set", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithBothOrNeither_GivesUp()
    {
        await Assert.ThrowsAsync<GiveUpException>(() => Run(new HashFileArgs()));
        await Assert.ThrowsAsync<GiveUpException>(() => Run(new HashFileArgs([1], "a")));
        await Assert.ThrowsAsync<GiveUpException>(() => Run(null!));
    }

    [Fact]
    public async Task Run_WhenCancelled_Stops() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Job().RunAsync(new HashFileArgs([1]), _job, new CancellationToken(true)));

    [Fact]
    public void Args_AreBase64InJson() =>
        Assert.Equal("abc"u8.ToArray(), JsonSerializer.Deserialize<HashFileArgs>("""{"content":"YWJj"}""", JobJson.Options)!.Content);

    private HashFileJob Job() =>
        new(new ConfigurationBuilder().AddInMemoryCollection([new(HashFileJob.FolderSetting, _files)]).Build());

    private Task<FileHash> Run(HashFileArgs args) => Job().RunAsync(args, _job, default);
}
