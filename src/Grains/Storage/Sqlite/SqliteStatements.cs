using Microsoft.Data.Sqlite;

namespace OrleansJobs.Storage;

/// <summary>A connection's prepared statements, by their text. Parameters are <c>?1</c>, <c>?2</c> and so on. For one thread at a time.</summary>
internal sealed class SqliteStatements(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> _known = [];

    public SqliteStatement this[string sql]
    {
        get
        {
            if (!_known.TryGetValue(sql, out var statement)) _known.Add(sql, statement = new SqliteStatement(connection.Handle!, sql));
            return statement;
        }
    }

    public void Dispose()
    {
        foreach (var statement in _known.Values) statement.Dispose();
        connection.Dispose();
    }
}
