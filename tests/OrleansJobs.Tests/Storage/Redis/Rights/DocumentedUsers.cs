using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Storage.Redis.Rights;

/// <summary>The users of Redis that docs/OPERATING.md gives as least: one line each, as redis-server's ACL file has them.</summary>
internal static class DocumentedUsers
{
    public const string Silo = "orleansjobs";
    public const string Gateway = "orleansjobs-gateway";

    /// <summary>The words behind <c>user NAME</c>.</summary>
    public static string[] RulesOf(string user)
    {
        var start = $"user {user} ";
        return Repository.Read("docs/OPERATING.md").Split('\n').Single(line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..].Split(' ');
    }

    /// <summary>Those rules that give something: commands, and keys.</summary>
    public static string[] RightsOf(string user) => [.. RulesOf(user).Where(rule => rule[0] is '+' or '~')];

    /// <summary>As an ACL file has it.</summary>
    public static string LineOf(string user) => $"user {user} {string.Join(' ', RulesOf(user))}";

    public static string ConnectionOf(string user, string server) => $"{server},user={user},password={Password(user)}";

    private static string Password(string user) => RulesOf(user).Single(rule => rule[0] == '>')[1..];
}
