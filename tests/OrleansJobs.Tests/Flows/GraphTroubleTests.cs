using System.Text.Json;

namespace OrleansJobs.Tests.Flows;

/// <summary>Graphs whose jobs fail, on a real grid.</summary>
public sealed class GraphTroubleTests(TroubleGrid grid) : IClassFixture<TroubleGrid>
{
    private readonly string _name = Guid.NewGuid().ToString("n");

    /// <summary>Sent after all, when the money is back already: what a retry must not do.</summary>
    [Theory]
    [InlineData("failure", 1, "FAILURE"), InlineData("end", 2, "SUCCESS")]
    public async Task AFailureThatWasDealtWith_IsNotTriedAgain_WhenTheFlowIs(string on, int shipped, string state)
    {
        grid.Failing[$"{_name} ship"] = true;
        var flow = await SubmitAsync(
            $$"""{"jobs":[{{Job("charge")}} },{{Job("ship")}},"after":["charge"]},{{Job("refund")}},"after":[{"job":"ship","on":"{{on}}"}]}],"result":{"$ref":"ship.result"} }""");
        Assert.Equal(JobErrorCodes.DependencyFailed, (await FailureAsync(flow)).Code);
        grid.Failing.Clear();
        Assert.True(await flow.RetryAsync());
        var ended = await flow.WaitAsync().WaitAsync(TroubleGrid.Patience);
        Assert.Equal(state, ended.State.Name);
        if (shipped == 1) Assert.Equal(JobErrorCodes.DependencyFailed, ended.Error!.Code);
        Assert.Equal((1, shipped, 1), (grid.Runs[$"{_name} charge"], grid.Runs[$"{_name} ship"], grid.Runs[$"{_name} refund"]));
    }

    [Fact]
    public async Task AFailureThatNobodyDealtWith_IsTriedAgain_AndThatOfWhoeverWasToDealWithOne()
    {
        grid.Failing[$"{_name} ship"] = grid.Failing[$"{_name} refund"] = true;
        var flow = await SubmitAsync(
            $$"""{"jobs":[{{Job("charge")}} },{{Job("ship")}},"after":["charge"]},{{Job("refund")}},"after":[{"job":"ship","on":"failure"}]}],"result":{"$ref":"refund.result"} }""");
        await FailureAsync(flow);
        grid.Failing.Clear();
        Assert.True(await flow.RetryAsync());
        var ended = await flow.WaitAsync().WaitAsync(TroubleGrid.Patience);
        Assert.Equal(JobState.Success, ended.State);
        Assert.Equal((1, 1, 2), (grid.Runs[$"{_name} charge"], grid.Runs[$"{_name} ship"], grid.Runs[$"{_name} refund"]));
    }

    /// <summary>What was not needed counts as nothing, neither while it might have been nor in the end.</summary>
    [Fact]
    public async Task Progress_OfAGraphThatGoesWell_EndsFull()
    {
        var flow = await SubmitAsync(
            $$"""{"jobs":[{{Job("charge")}} },{{Job("ship")}},"after":["charge"],"weight":5},{{Job("refund")}},"after":[{"job":"ship","on":"failure"}]}],"result":{"$ref":"ship.result"} }""");
        var ended = await flow.WaitAsync().WaitAsync(TroubleGrid.Patience);
        Assert.Equal((JobState.Success, 6, 6), (ended.State, ended.Current, ended.Total));
    }

    [Fact]
    public async Task Progress_OfAGraphThatIsRetried_EndsFull()
    {
        grid.Failing[$"{_name} ship"] = grid.Failing[$"{_name} mail"] = true;
        var flow = await SubmitAsync(
            $$"""{"jobs":[{{Job("ship")}} },{{Job("refund")}},"after":[{"job":"ship","on":"failure"}]},{{Job("mail")}},"after":["refund"]}],"result":{"$ref":"mail.result"} }""");
        await FailureAsync(flow);
        grid.Failing.Clear();
        Assert.True(await flow.RetryAsync());
        var ended = await flow.WaitAsync().WaitAsync(TroubleGrid.Patience);
        Assert.Equal((JobState.Success, 1, 1, 2), (ended.State, grid.Runs[$"{_name} ship"], grid.Runs[$"{_name} refund"], grid.Runs[$"{_name} mail"]));
        Assert.Equal(ended.Total, ended.Current);
    }

    /// <summary>Whoever was to deal with it could not even be submitted: nobody has.</summary>
    [Fact]
    public async Task AFailureThatNobodyCouldDealWith_IsTriedAgain()
    {
        grid.Failing[$"{_name} ship"] = true;
        var flow = await SubmitAsync($$"""
            {"jobs":[{"name":"long","type":"long","args":{{GridLimits.MaxArgsBytes}} },{{Job("ship")}} },
                     {"name":"refund","type":"named","args":{"$ref":"long.result"},"after":["long",{"job":"ship","on":"failure"}]}],"result":{"$ref":"ship.result"},"onFailure":"continue"}
            """);
        await FailureAsync(flow);
        grid.Failing.Clear();
        Assert.True(await flow.RetryAsync());
        Assert.Equal(JobState.Success, (await flow.WaitAsync().WaitAsync(TroubleGrid.Patience)).State);
        Assert.Equal(2, grid.Runs[$"{_name} ship"]);
    }

    [Fact]
    public async Task WhatAReferenceBrings_ThatIsTooMuch_SaysOfWhichJob()
    {
        var flow = await SubmitAsync($$"""{"jobs":[{"name":"long","type":"long","args":{{GridLimits.MaxArgsBytes}} },{"name":"next","type":"named","args":{"$ref":"long.result"} }]}""");
        var failed = await FailureAsync(flow);
        Assert.Equal(JobErrorCodes.BadArgs, failed.Code);
        Assert.Contains("/jobs/1: 'next' cannot be submitted. /args: ", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatAReferenceBrings_ThatIsTooMuch_IsAFailureOfThatJobAlone_WhereOthersGoOn()
    {
        var flow = await SubmitAsync($$"""
            {"jobs":[{"name":"long","type":"long","args":{{GridLimits.MaxArgsBytes}} },{"name":"next","type":"named","args":{"$ref":"long.result"} },{{Job("mend")}},"after":[{"job":"next","on":"failure"}]}],
             "result":[{"$ref":"mend.result"},{"$ref":"next.error/code"}]}
            """);
        var ended = await flow.WaitAsync().WaitAsync(TroubleGrid.Patience);
        Assert.True(ended.State is JobState.Success, $"{ended.Error}");
        Assert.Equal($"[{_name.Length + 5},\"{JobErrorCodes.BadArgs}\"]", JsonSerializer.Serialize(await flow.ResultAsync()));
    }

    private static JobLimits GridLimits { get; } = new();

    private string Job(string name) => $$"""{"name":"{{name}}","type":"named","args":"{{_name}} {{name}}","attempts":1""";

    private async Task<JobHandle<JsonElement>> SubmitAsync(string graph) => await grid.Jobs.SubmitFlowAsync<JsonElement>(JsonSerializer.Deserialize<FlowGraph>(graph, JobJson.Options)!);

    private static async Task<JobError> FailureAsync(JobHandle<JsonElement> flow)
    {
        var ended = await flow.WaitAsync().WaitAsync(TroubleGrid.Patience);
        Assert.Equal(JobState.Failure, ended.State);
        return ended.Error!;
    }
}
