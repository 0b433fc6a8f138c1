using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage.Sqlite;

/// <summary>What a silo that keeps its jobs in a file makes of its options.</summary>
public sealed class SqliteHostingTests : IDisposable
{
    private readonly SqliteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void RelativePaths_AreUnderTheContentRoot()
    {
        var options = Read(new() { ["Store:Path"] = "data/mine.db", ["Store:BackupFolder"] = "copies" });
        Assert.Equal((_folder.Path("data/mine.db"), _folder.Path("copies")), (options.Path, options.BackupFolder));
    }

    [Fact]
    public void WithNothingConfigured_TheFileIsUnderTheContentRoot_AndThereAreNoCopies()
    {
        var options = Read([]);
        Assert.Equal((_folder.Path("data/orleansjobs.db"), null), (options.Path, options.BackupFolder));
    }

    [Fact]
    public void RelativePaths_ThatCodeGives_AreUnderTheContentRoot()
    {
        var options = Read([], options => (options.Path, options.BackupFolder) = ("code.db", "kept"));
        Assert.Equal((_folder.Path("code.db"), _folder.Path("kept")), (options.Path, options.BackupFolder));
    }

    [Fact]
    public void AbsolutePaths_StayAsTheyAre()
    {
        var options = Read(new() { ["Store:Path"] = "/srv/jobs.db", ["Store:BackupFolder"] = "/srv/copies" });
        Assert.Equal(("/srv/jobs.db", "/srv/copies"), (options.Path, options.BackupFolder));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void AnEmptyPath_IsRefused(string path) =>
        Assert.Contains("Store:Path is empty", Assert.Throws<OptionsValidationException>(() => Read([], options => options.Path = path)).Message);

    private SqliteStoreOptions Read(Dictionary<string, string?> settings, Action<SqliteStoreOptions>? configure = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path(""), DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.UseOrleans(silo => silo.UseLocalhostClustering().UseSqliteJobStore(configure));
        using var host = builder.Build();
        return host.Services.GetRequiredService<IOptions<SqliteStoreOptions>>().Value;
    }
}
