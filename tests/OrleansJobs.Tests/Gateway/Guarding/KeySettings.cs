using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>Keys as the configuration has them.</summary>
internal static class KeySettings
{
    public static string KeyOf(string id) => $"a-key-of-{id}-that-is-long-enough-for-tests";

    public static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    public static Dictionary<string, string?> With(this Dictionary<string, string?> settings, string id, string[] scopes, params string[] queues)
    {
        var path = $"Gateway:Keys:{settings.Keys.Count(key => key.EndsWith(":Sha256", StringComparison.Ordinal))}";
        settings[$"{path}:Id"] = id;
        settings[$"{path}:Sha256"] = Hash(KeyOf(id));
        for (var i = 0; i < scopes.Length; i++) settings[$"{path}:Scopes:{i}"] = scopes[i];
        for (var i = 0; i < queues.Length; i++) settings[$"{path}:Queues:{i}"] = queues[i];
        return settings;
    }

    /// <summary>The header that a key of this id is sent in.</summary>
    public static (string Name, string Value) Bearer(string id) => ("Authorization", "Bearer " + KeyOf(id));
}
