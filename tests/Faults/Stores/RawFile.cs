using Microsoft.Data.Sqlite;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Stores;

/// <summary>Reads what a file of SQLite holds without the product's code, from the names of its tables and the bytes of its rows.</summary>
internal sealed class RawFile(string path) : IRawStore
{
    public Task<List<StoreRow>> ReadAsync() => Task.Run(() =>
    {
        using var file = Open();
        var outcomes = Rows(file, "SELECT key, row FROM rows_outcomes").ToDictionary(row => row.Key, row => RawStates.Of((byte[])row.Value));
        var places = Rows(file, "SELECT key, 0 FROM rows_jobs").ToDictionary(row => row.Key, _ => new List<string>());
        foreach (var id in outcomes.Keys) PlacesOf(id).Add("outcome");
        foreach (var (id, _) in Rows(file, "SELECT key, 0 FROM rows_leases")) PlacesOf(id).Add("lease");
        foreach (var (id, lane) in Rows(file, "SELECT member, name FROM set_lane")) PlacesOf(id).Add($"lane {lane}");
        return places.Select(pair => new StoreRow(pair.Key, outcomes.GetValueOrDefault(pair.Key), pair.Value)).ToList();

        // A trace of a job whose record is gone is a phantom all the same.
        List<string> PlacesOf(string id) => places.TryGetValue(id, out var known) ? known : places[id] = ["no record"];
    });

    public Task<long> CountUnfinishedAsync() => Task.Run(() =>
    {
        using var file = Open();
        using var command = file.CreateCommand();
        command.CommandText = "SELECT (SELECT count(*) FROM rows_jobs) - (SELECT count(*) FROM rows_outcomes)";
        return (long)command.ExecuteScalar()!;
    });

    /// <summary>What SQLite itself says of every page and index.</summary>
    public static Task<bool> IsSoundAsync(string path) => Task.Run(() =>
    {
        using var file = new RawFile(path).Open();
        using var command = file.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        return command.ExecuteScalar() is "ok";
    });

    private SqliteConnection Open()
    {
        // Only to read: what opens a file that no process has, and may write, would put its log in order.
        var file = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        file.Open();
        return file;
    }

    private static List<KeyValuePair<string, object>> Rows(SqliteConnection file, string sql)
    {
        var rows = new List<KeyValuePair<string, object>>();
        using var command = file.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        while (reader.Read()) rows.Add(new(reader.GetString(0), reader.GetValue(1)));
        return rows;
    }
}
