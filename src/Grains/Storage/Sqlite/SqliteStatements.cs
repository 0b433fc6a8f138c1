using Microsoft.Data.Sqlite;

namespace OrleansJobs.Storage;

/// <summary>A connection's prepared statements, by their text. Parameters are named <c>$1</c>, <c>$2</c> and so on. For one thread at a time.</summary>
internal sealed class SqliteStatements(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, Statement> _known = [];

    public SqliteConnection Connection => connection;

    public Statement this[string sql]
    {
        get
        {
            if (!_known.TryGetValue(sql, out var statement)) _known.Add(sql, statement = new Statement(connection, sql));
            return statement;
        }
    }

    public void Dispose()
    {
        foreach (var statement in _known.Values) statement.Dispose();
        connection.Dispose();
    }

    internal sealed class Statement : IDisposable
    {
        private readonly SqliteCommand _command;
        private readonly SqliteParameter[] _parameters;

        public Statement(SqliteConnection connection, string sql)
        {
            _command = connection.CreateCommand();
            _command.CommandText = sql;
            var count = 0;
            while (sql.Contains($"${count + 1}", StringComparison.Ordinal)) count++;
            _parameters = new SqliteParameter[count];
            for (var i = 0; i < count; i++) _parameters[i] = _command.Parameters.Add(new SqliteParameter($"${i + 1}", null));
        }

        /// <returns>How many rows changed.</returns>
        public int Run(params ReadOnlySpan<object> values) => Bound(values).ExecuteNonQuery();

        public SqliteDataReader Read(params ReadOnlySpan<object> values) => Bound(values).ExecuteReader();

        public void Dispose() => _command.Dispose();

        private SqliteCommand Bound(ReadOnlySpan<object> values)
        {
            for (var i = 0; i < _parameters.Length; i++) _parameters[i].Value = values[i];
            return _command;
        }
    }
}
