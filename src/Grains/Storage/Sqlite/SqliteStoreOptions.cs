using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Storage;

/// <summary>How jobs are kept in a file of this process. Section <c>Store</c> of the configuration.</summary>
public sealed class SqliteStoreOptions
{
    public const string Section = "Store";

    /// <summary>The database file; a relative path is under the content root. Its folder is made where there is none.</summary>
    public string Path { get; set; } = "data/orleansjobs.db";

    /// <summary>What is on the disk when a submit is answered.</summary>
    /// <value>Default <see cref="SqliteDurability.Full"/>.</value>
    public SqliteDurability Durability { get; set; } = SqliteDurability.Full;

    /// <summary>Free space of the disk that new jobs leave to those that were accepted: submits are refused before it is touched.</summary>
    /// <value>Bytes; default 64 MiB.</value>
    [Range(0, long.MaxValue)] public long ReservedDiskBytes { get; set; } = 64L << 20;

    /// <summary>Where copies are written; a relative path is under the content root. Null: copies cannot be asked for.</summary>
    public string? BackupFolder { get; set; }
}

internal sealed class SqliteStoreOptionsValidator : IValidateOptions<SqliteStoreOptions>
{
    public ValidateOptionsResult Validate(string? name, SqliteStoreOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Path)) return ValidateOptionsResult.Fail("Store:Path is empty; it names the file that jobs are kept in.");
        if (options.ReservedDiskBytes < 0) return ValidateOptionsResult.Fail($"Store:ReservedDiskBytes must be 0 or more; it is {options.ReservedDiskBytes}.");
        return ValidateOptionsResult.Success;
    }
}

public enum SqliteDurability
{
    /// <summary>Every commit is synced to the disk before it counts: nothing is lost with the process, the system or the power.</summary>
    Full,

    /// <summary>Commits are synced now and then: nothing is lost with the process, but the newest may be with the system or the power.</summary>
    Normal,
}
