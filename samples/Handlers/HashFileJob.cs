using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace OrleansJobs.Samples;

/// <summary>What to hash: <paramref name="Content"/> or <paramref name="Path"/>, not both.</summary>
/// <param name="Content">The bytes themselves; base64 in JSON.</param>
/// <param name="Path">A file below the folder that the silo's setting <c>Samples:Files</c> names.</param>
public sealed record HashFileArgs(byte[]? Content = null, string? Path = null);

/// <param name="Sha256">In lower-case hexadecimal.</param>
/// <param name="Bytes">How many were hashed.</param>
public sealed record FileHash(string Sha256, long Bytes);

/// <summary>Hashes bytes chunk by chunk, so that a file of any size takes little memory and can be cancelled.</summary>
[Job("hash-file", Description = "SHA-256 of bytes given as base64, or of a file below the folder that Samples:Files names.")]
public sealed class HashFileJob(IConfiguration configuration) : IJob<HashFileArgs, FileHash>
{
    public const string FolderSetting = "Samples:Files";
    private const int ChunkBytes = 64 << 10;

    public async Task<FileHash> RunAsync(HashFileArgs args, JobContext job, CancellationToken cancellation)
    {
        await using var stream = Open(args);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = new byte[ChunkBytes];
        long done = 0;
        job.Report(0, stream.Length, "Hashing");
        while (await stream.ReadAsync(chunk, cancellation) is > 0 and var read)
        {
            hash.AppendData(chunk, 0, read);
            done += read;
            // A file may grow while it is read.
            job.Report(done, Math.Max(done, stream.Length));
        }

        job.Report(done, done, $"{done} bytes hashed");
        return new FileHash(Convert.ToHexStringLower(hash.GetHashAndReset()), done);
    }

    private Stream Open(HashFileArgs args) => args switch
    {
        { Content: { } content, Path: null } => new MemoryStream(content, writable: false),
        { Content: null, Path: { } path } => SampleFolder.OpenRead(configuration[FolderSetting], path),
        _ => throw new GiveUpException("Give content or path, one of them."),
    };
}
