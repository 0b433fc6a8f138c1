using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>A script of this assembly's resources, called by its hash.</summary>
internal sealed class RedisScript
{
    public static readonly RedisScript Open = new("#!lua flags=allow-oom", "floor", "open");

    /// <summary>See <see cref="Diagnostics.Safeguard.TokenFloor"/>.</summary>
    public static readonly RedisScript OpenWithoutFloor = new("#!lua flags=allow-oom", "floorless", "open");

    /// <summary>For commits that may be refused: not applied by a full store.</summary>
    public static readonly RedisScript Add = new("#!lua", "fence", "commit");

    /// <summary>For all others: they make room, or follow from what was accepted.</summary>
    public static readonly RedisScript Commit = new("#!lua flags=allow-oom", "fence", "commit");

    /// <summary>See <see cref="Diagnostics.Safeguard.GenerationCheck"/>.</summary>
    public static readonly RedisScript Unfenced = new("#!lua flags=allow-oom", "unfenced", "commit");
    public static readonly RedisScript Settle = new("#!lua flags=allow-oom", "fence", "settle");
    public static readonly RedisScript Read = new("#!lua flags=no-writes", "read");
    public static readonly RedisScript Budget = new("#!lua flags=no-writes", "rows", "budget");
    public static readonly RedisScript Page = new("#!lua flags=no-writes", "rows", "page");
    public static readonly RedisScript Count = new("#!lua flags=no-writes", "count");
    public static readonly RedisScript Log = new("#!lua flags=no-writes", "log");
    public static readonly RedisScript Time = new("#!lua flags=no-writes", "time");
    public static readonly RedisScript Grid = new("#!lua flags=allow-oom", "grid");
    public static readonly RedisScript Put = new("#!lua flags=allow-oom", "put");

    private readonly string _text;
    private readonly byte[] _hash;

    private RedisScript(string shebang, params ReadOnlySpan<string> resources)
    {
        var text = new StringBuilder(shebang).Append('\n');
        foreach (var resource in resources) text.Append(Resource($"{resource}.lua")).Append('\n');
        _text = text.ToString();
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(_text));
    }

    public async Task<RedisResult> EvaluateAsync(IDatabaseAsync database, RedisKey[] keys, RedisValue[] arguments)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_hash, keys, arguments).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // A server that is new, restarted or flushed does not know it. Given the text, the client loads it first.
            return await database.ScriptEvaluateAsync(_text, keys, arguments).ConfigureAwait(false);
        }
    }

    private static string Resource(string name)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not among the assembly's resources.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
