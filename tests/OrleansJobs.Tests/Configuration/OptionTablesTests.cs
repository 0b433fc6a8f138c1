using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Configuration;

/// <summary>The tables of docs/OPERATING.md say what the code says.</summary>
public sealed class OptionTablesTests
{
    private static readonly string[] Lines = Repository.Read("docs/OPERATING.md").Split('\n');

    [Fact]
    public void EveryOption_HasItsRowWithDefaultAndLimit()
    {
        Assert.True(OptionCatalogue.All.Count > 40);
        var missing = OptionCatalogue.All.Where(option => !Lines.Any(line => line.StartsWith(option.Row, StringComparison.Ordinal) && line.Length > option.Row.Length + 5));
        Assert.True(!missing.Any(), "docs/OPERATING.md lacks these rows, or they say something else:\n" + string.Join('\n', missing.Select(option => option.Row)));
    }

    [Fact]
    public void EveryRow_IsAnOption()
    {
        string[] sections = ["`JobGrid:", "`Gateway:", "`Telemetry:", "`ClusterTls:", "`Store:"];
        var rows = Lines.Where(line => sections.Any(section => line.StartsWith($"| {section}", StringComparison.Ordinal))).Select(line => line.Split('`')[1]);
        Assert.Empty(rows.Except([.. OptionCatalogue.All.Select(option => option.Pattern), "Store:Kind"]));
    }
}
