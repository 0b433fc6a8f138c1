using System.Net;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>Keys that come and go while the gateway runs.</summary>
public sealed class KeyFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansjobs-keys-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task AKey_IsGoodFromItsFileOn_AndNoLongerThanIt()
    {
        Write("first", "read");
        await using var host = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/queues", KeySettings.Bearer("first"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Http.GetAsync("/queues", KeySettings.Bearer("second"))).StatusCode);

        Write("second", "read");
        await UntilAsync(host, "second", HttpStatusCode.OK);
        Write("second", "submit");
        await UntilAsync(host, "second", HttpStatusCode.Forbidden);
        File.Delete(PathOf("first"));
        await UntilAsync(host, "first", HttpStatusCode.Unauthorized);
        // Without any key left nobody is let in, rather than everybody.
        File.Delete(PathOf("second"));
        await UntilAsync(host, "second", HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Http.GetAsync("/queues")).StatusCode);
    }

    [Fact]
    public async Task AStream_EndsWithItsKey()
    {
        Write("reader", "read");
        Write("other", "read");
        await using var host = await StartAsync();
        host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "default", Version = 1 });
        using var stream = await EventStream.OpenAsync(host.Http, "/jobs/a/events", KeySettings.Bearer("reader"));
        using var kept = await EventStream.OpenAsync(host.Http, "/jobs/a/events", KeySettings.Bearer("other"));
        await stream.NextAsync();
        await kept.NextAsync();
        File.Delete(PathOf("reader"));
        Assert.Null(await stream.NextAsync());
        host.Grid["a"].Succeed("1");
        Assert.NotNull(await kept.NextAsync());
    }

    [Fact]
    public async Task AFileThatCannotBeRead_LeavesItsKeyAsItWas()
    {
        Write("first", "read");
        await using var host = await StartAsync();
        File.WriteAllText(PathOf("first"), "{ \"Id\": \"fir");
        Write("second", "read");
        await UntilAsync(host, "second", HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/queues", KeySettings.Bearer("first"))).StatusCode);
    }

    [Fact]
    public async Task AFileThatCannotBeOpened_KeepsItsKey_AndHoldsUpNoOther()
    {
        Write("first", "read");
        Write("second", "read");
        await using var host = await StartAsync();
        // A link to itself is there and cannot be opened, whoever tries.
        File.CreateSymbolicLink(PathOf("first") + ".draft", PathOf("first"));
        File.Move(PathOf("first") + ".draft", PathOf("first"), overwrite: true);
        File.Delete(PathOf("second"));
        await UntilAsync(host, "second", HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/queues", KeySettings.Bearer("first"))).StatusCode);
    }

    [Fact]
    public async Task ALimit_IsOfItsKey_AndChangesWithIt()
    {
        Write("slow", "read", """, "RateLimit": { "RequestsPerSecond": 0.001, "Burst": 1 }""");
        await using var host = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/queues", KeySettings.Bearer("slow"))).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await host.Http.GetAsync("/queues", KeySettings.Bearer("slow"))).StatusCode);
        Write("slow", "read");
        await UntilAsync(host, "slow", HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("{", "a.json")]
    [InlineData("""{ "Id": "a b", "Sha256": "00", "Scopes": [ "admin" ] }""", "'admin'")]
    [InlineData("""{ "Id": "a", "Sha256": "00", "Scopes": [ "read" ] }""", "Sha256")]
    [InlineData("""{ "Id": "a", "Sha265": "00", "Scopes": [ "read" ] }""", "Sha265")]
    public async Task AWrongFile_IsRefusedAtStart_ByName(string json, string named)
    {
        File.WriteAllText(PathOf("a"), json);
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(StartAsync);
        Assert.Contains(named, refused.Message);
    }

    [Fact]
    public async Task AFolderThatThereIsNot_AndAnIdGivenTwice_AreRefusedAtStart()
    {
        Write("first", "read");
        File.Copy(PathOf("first"), PathOf("copy"));
        Assert.Contains("'first'", (await Assert.ThrowsAsync<OptionsValidationException>(StartAsync)).Message);
        Assert.Contains("KeyFolder", (await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayHost.StartAsync(new() { ["Gateway:KeyFolder"] = PathOf("nowhere") }))).Message);
    }

    private Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(new() { ["Gateway:KeyFolder"] = _folder.FullName, ["Gateway:KeyFolderInterval"] = "00:00:00.02" });

    private static Task UntilAsync(GatewayHost host, string id, HttpStatusCode wanted) =>
        Eventually.AnswersAsync(async () => (await host.Http.GetAsync("/queues", KeySettings.Bearer(id))).StatusCode, status => status == wanted);

    private void Write(string id, string scope, string more = "")
    {
        // As a secret's volume does it: the file is there whole, or not at all.
        var draft = PathOf(id) + ".draft";
        File.WriteAllText(draft, $$"""{ "Id": "{{id}}", "Sha256": "{{KeySettings.Hash(KeySettings.KeyOf(id))}}", "Scopes": [ "{{scope}}" ]{{more}} }""");
        File.Move(draft, PathOf(id), overwrite: true);
    }

    private string PathOf(string id) => Path.Combine(_folder.FullName, id + ".json");
}
