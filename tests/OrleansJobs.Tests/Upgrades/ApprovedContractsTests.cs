using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Upgrades;

/// <summary>
/// Silos and clients of two releases talk to each other during a rollout. What they say is approved line by line: lines are added, never
/// changed, and numbers never used again. To approve additions, run the test with <c>ORLEANSJOBS_APPROVE=1</c> and look at the difference.
/// </summary>
public sealed class ApprovedContractsTests
{
    private const string Approved = "tests/OrleansJobs.Tests/Upgrades/contracts.approved.txt";

    [Fact]
    public void Contracts_AreThoseApproved()
    {
        var now = ContractList.Write();
        if (Environment.GetEnvironmentVariable("ORLEANSJOBS_APPROVE") == "1") File.WriteAllText(Repository.PathOf(Approved), now);
        var (approved, current) = (Repository.Read(Approved).Split('\n'), now.Split('\n'));
        Assert.True(approved.Length > 100);
        Assert.True(
            approved.SequenceEqual(current),
            $"Gone or changed (breaks the release before):\n{string.Join('\n', approved.Except(current))}\nNew (approve with ORLEANSJOBS_APPROVE=1):\n{string.Join('\n', current.Except(approved))}");
    }

    [Fact]
    public void Contracts_AllHaveAliasesAndNumbersOfTheirOwn()
    {
        var lines = ContractList.Write().Split('\n');
        Assert.DoesNotContain(lines, line => line.Contains("NO ALIAS", StringComparison.Ordinal));
        var aliases = lines.Where(line => line.Length > 0 && line[0] != ' ').Select(line => line.Split(' ')[0]).ToList();
        Assert.Equal(aliases.Count, aliases.Distinct().Count());

        var type = "";
        var numbers = new HashSet<string>();
        foreach (var line in lines.Where(line => line.Length > 0))
        {
            if (line[0] != ' ') type = line;
            else Assert.True(numbers.Add($"{type} {line.Trim().Split(' ')[0]}"), $"{type}: {line.Trim()} is there twice");
        }
    }
}
