using System.Globalization;
using System.Text.Json;
using Orleans.Storage;

namespace OrleansJobs.Storage;

/// <summary>Keeps the state of grains, such as checkpoints, in the same file as their jobs.</summary>
internal sealed class SqliteGrainStorage(SqlitePartitionStore store) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var (kind, id) = (stateName, grainId.ToString());
        var read = await store.Readers.ReadAsync(
            statements =>
            {
                using var reader = statements["SELECT etag, state FROM states WHERE kind = ?1 AND id = ?2"].Read(kind, id);
                return reader.Read() ? (Tag: reader.GetString(0), State: reader.GetBytes(1)) : default;
            },
            CancellationToken.None).ConfigureAwait(false);
        grainState.RecordExists = read.State is not null;
        grainState.ETag = read.Tag;
        if (read.State is not null) grainState.State = (T)JsonSerializer.Deserialize(read.State, typeof(T), GrainStateJson.Default)!;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var (kind, id, expected, next) = (stateName, grainId.ToString(), grainState.ETag, NextTag());
        var state = JsonSerializer.SerializeToUtf8Bytes(grainState.State, typeof(T), GrainStateJson.Default);
        await WriteAsync(
            statements => expected is null
                ? statements["INSERT INTO states (kind, id, etag, state) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"].Run(kind, id, next, state)
                : statements["UPDATE states SET etag = ?3, state = ?4 WHERE kind = ?1 AND id = ?2 AND etag = ?5"].Run(kind, id, next, state, expected),
            id, expected).ConfigureAwait(false);
        grainState.ETag = next;
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var (kind, id, expected) = (stateName, grainId.ToString(), grainState.ETag);
        if (expected is not null)
        {
            await WriteAsync(
                statements => statements["DELETE FROM states WHERE kind = ?1 AND id = ?2 AND etag = ?3"].Run(kind, id, expected), id, expected).ConfigureAwait(false);
        }

        grainState.ETag = null;
        grainState.RecordExists = false;
        grainState.State = Activator.CreateInstance<T>();
    }

    private async Task WriteAsync(Func<SqliteStatements, int> write, string id, string? expected)
    {
        var written = await store.Writer.RunAsync(write, changes: 1, mayBeRefused: false, CancellationToken.None).ConfigureAwait(false);
        if (written == 0) throw new InconsistentStateException($"The state of {id} is not the one that was read.", "another", expected ?? "none");
    }

    private static string NextTag() => Random.Shared.NextInt64().ToString("x", CultureInfo.InvariantCulture);
}
