using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Tests.Bench;

public sealed class ReportTests
{
    [Theory]
    [InlineData(new double[] { 3, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 2, 3 }, 2.5)]
    [InlineData(new double[] { 5 }, 5)]
    public void Median_IsTheMiddle(double[] values, double median)
    {
        var series = new Series();
        foreach (var value in values) series.Add(value);

        Assert.Equal(median, series.Median);
    }

    [Fact]
    public void Json_WithAPeer_HasOursTheirsAndTheirRatioOfMedians()
    {
        var report = new Report("drain", new JsonObject { ["count"] = 5 }, [Report.Ours, "bullmq"]);
        foreach (var (ours, theirs) in new[] { (300.0, 100.0), (500, 90), (400, 200) })
        {
            report.Add(Report.Ours, new Measured().High("drain", "jobs/s", ours).Low("cpu", "us/job", 10));
            report.Add("bullmq", new Measured().High("drain", "jobs/s", theirs).Low("cpu", "us/job", 40));
        }

        var json = JsonDocument.Parse(report.ToJson()).RootElement;

        Assert.Equal(400, json.GetProperty("ours").GetDouble());
        Assert.Equal(100, json.GetProperty("theirs").GetDouble());
        Assert.Equal(4, json.GetProperty("ratio").GetDouble());
        Assert.Equal(0.25, json.GetProperty("figures").GetProperty("cpu").GetProperty("ratio").GetDouble());
        Assert.Equal(300, json.GetProperty("figures").GetProperty("drain").GetProperty("ours").GetProperty("min").GetDouble());
        Assert.Equal(200, json.GetProperty("figures").GetProperty("drain").GetProperty("theirs").GetProperty("max").GetDouble());
        Assert.Equal(5, json.GetProperty("settings").GetProperty("count").GetInt32());
        Assert.NotEmpty(json.GetProperty("commit").GetString()!);
        Assert.True(json.GetProperty("machine").GetProperty("cores").GetInt32() > 0);
    }

    [Fact]
    public void Json_OfAPeerAlone_IsTheirs()
    {
        var report = new Report("drain", [], ["bullmq"]);
        report.Add("bullmq", new Measured().High("drain", "jobs/s", 7));

        var json = JsonDocument.Parse(report.ToJson()).RootElement;

        Assert.Equal(JsonValueKind.Null, json.GetProperty("ours").ValueKind);
        Assert.Equal(7, json.GetProperty("theirs").GetDouble());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("ratio").ValueKind);
    }

    [Fact]
    public void SeveralPeers_HaveAColumnAndARatioEach_AndTheFirstIsTheirs()
    {
        var report = new Report("schedules", [], [Report.Ours, "bullmq", "celery"]);
        foreach (var (name, late) in new[] { (Report.Ours, 3.0), ("bullmq", 30), ("celery", 600) })
        {
            report.SyncedBy(name, "nothing");
            report.Add(name, new Measured().Low("p50", "ms", late));
        }

        report.Add(Report.Ours, new Measured().Low("silo cpu", "cores", 1));
        report.Add("celery", new Measured().Low("beat cpu", "cores", 2));
        var table = new StringWriter();

        report.WriteTable(table);
        var rows = table.ToString().Split('\n').Where(row => row.StartsWith('|')).Select(row => row.Trim('|', '\r').Split('|', StringSplitOptions.TrimEntries)).ToArray();
        var json = JsonDocument.Parse(report.ToJson()).RootElement;

        Assert.Equal(["figure", "unit", "durability", "orleansjobs", "bullmq", "ratio", "celery", "ratio"], rows[0]);
        Assert.Equal(["p50", "ms", "nothing, all", "3", "30", "0.1", "600", "0.005"], rows[2]);
        Assert.Equal(["silo cpu", "cores", "nothing, all", "1", "-", "-", "-", "-"], rows[3]);
        Assert.Equal(["beat cpu", "cores", "nothing, all", "-", "-", "-", "2", "-"], rows[4]);
        Assert.Equal("bullmq", json.GetProperty("against").GetString());
        Assert.Equal((3, 30, 0.1), (json.GetProperty("ours").GetDouble(), json.GetProperty("theirs").GetDouble(), json.GetProperty("ratio").GetDouble()));
        Assert.Equal(["bullmq", "celery"], json.GetProperty("peers").EnumerateObject().Select(peer => peer.Name));
        var celery = json.GetProperty("peers").GetProperty("celery");
        Assert.Equal((600, 0.005, "nothing"), (celery.GetProperty("theirs").GetDouble(), celery.GetProperty("ratio").GetDouble(), celery.GetProperty("synced").GetString()));
        var figure = json.GetProperty("figures").GetProperty("p50");
        Assert.Equal(30, figure.GetProperty("theirs").GetProperty("median").GetDouble());
        Assert.Equal(0.005, figure.GetProperty("peers").GetProperty("celery").GetProperty("ratio").GetDouble());
        Assert.Equal(600, figure.GetProperty("peers").GetProperty("celery").GetProperty("theirs").GetProperty("median").GetDouble());
        Assert.False(json.GetProperty("figures").GetProperty("silo cpu").GetProperty("peers").TryGetProperty("celery", out _));
    }

    [Fact]
    public void SeveralPeersAlone_HaveNoRatios()
    {
        var report = new Report("drain", [], ["bullmq", "celery"]);
        foreach (var name in (string[])["bullmq", "celery"])
        {
            report.SyncedBy(name, name == "celery" ? "the log once a second" : "nothing");
            report.Add(name, new Measured().High("drain", "jobs/s", 7));
        }

        var table = new StringWriter();

        report.WriteTable(table);

        Assert.Contains("bullmq nothing; celery the log once a second | 7      | 7      |", table.ToString());
        Assert.DoesNotContain("ratio", table.ToString().Split('\n')[1]);
        Assert.Equal(JsonValueKind.Null, JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("ratio").ValueKind);
    }

    [Theory]
    [InlineData("nothing", "nothing", "| nothing, both |")]
    [InlineData("the log before each answer", "the log at each write", "| ours the log before each answer; theirs the log at each write |")]
    public void Table_SaysInEachRowWhatIsSynced(string ours, string theirs, string cell)
    {
        var report = new Report("drain", [], [Report.Ours, "beanstalkd"]);
        report.SyncedBy(Report.Ours, ours);
        report.SyncedBy("beanstalkd", theirs);
        report.Add(Report.Ours, new Measured().High("drain", "jobs/s", 7).Low("cpu", "us", 1));
        report.Add("beanstalkd", new Measured().High("drain", "jobs/s", 7).Low("cpu", "us", 1));
        var table = new StringWriter();

        report.WriteTable(table);

        Assert.Equal(2, table.ToString().Split('\n').Count(row => row.Contains(cell)));
        var synced = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("synced");
        Assert.Equal(ours, synced.GetProperty("ours").GetString());
        Assert.Equal(theirs, synced.GetProperty("theirs").GetString());
    }
}
