using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansJobs.Storage;

/// <summary>
/// A statement that is prepared once and run many times. A commit of a thousand jobs runs some five thousand, so they go to SQLite's own calls: a command and
/// a reader for each would cost more than what they do.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int OnStack = 256;
    private readonly sqlite3 _connection;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(sqlite3 connection, string sql)
    {
        _connection = connection;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v3(connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement), connection);
    }

    /// <returns>How many rows it changed.</returns>
    public int Run(params ReadOnlySpan<SqliteArgument> arguments)
    {
        Bind(arguments);
        try
        {
            while (Step())
            {
            }

            return raw.sqlite3_changes(_connection);
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>The rows it gives. They have to be disposed of before it is run again.</summary>
    public Rows Read(params ReadOnlySpan<SqliteArgument> arguments)
    {
        Bind(arguments);
        return new Rows(this);
    }

    public void Dispose() => _statement.Dispose();

    private bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW) return true;
        if (code != raw.SQLITE_DONE) SqliteException.ThrowExceptionForRC(code, _connection);
        return false;
    }

    // What went wrong was said by the step.
    private void Reset() => raw.sqlite3_reset(_statement);

    private void Bind(ReadOnlySpan<SqliteArgument> arguments)
    {
        for (var i = 0; i < arguments.Length; i++) SqliteException.ThrowExceptionForRC(Bind(i + 1, arguments[i]), _connection);
    }

    private int Bind(int index, in SqliteArgument argument) => argument switch
    {
        { Text: { } text } => BindText(index, text),
        // No bytes would be taken for no value.
        { Bytes.Length: 0 } => raw.sqlite3_bind_zeroblob(_statement, index, 0),
        { Bytes: { } bytes } => raw.sqlite3_bind_blob(_statement, index, bytes),
        _ => raw.sqlite3_bind_int64(_statement, index, argument.Number),
    };

    private int BindText(int index, string text)
    {
        if (text.Length > OnStack / 3) return raw.sqlite3_bind_text(_statement, index, Encoding.UTF8.GetBytes(text));
        Span<byte> bytes = stackalloc byte[OnStack];
        return raw.sqlite3_bind_text(_statement, index, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    /// <summary>One row after the other.</summary>
    internal readonly struct Rows(SqliteStatement statement) : IDisposable
    {
        public bool Read() => statement.Step();

        public long GetInt64(int column) => raw.sqlite3_column_int64(statement._statement, column);

        public string GetString(int column) => raw.sqlite3_column_text(statement._statement, column).utf8_to_string();

        public byte[] GetBytes(int column) => raw.sqlite3_column_blob(statement._statement, column).ToArray();

        public void Dispose() => statement.Reset();
    }
}

/// <summary>A number, a text or bytes.</summary>
internal readonly record struct SqliteArgument
{
    public long Number { get; private init; }
    public string? Text { get; private init; }
    public byte[]? Bytes { get; private init; }

    public static implicit operator SqliteArgument(long number) => new() { Number = number };

    public static implicit operator SqliteArgument(string text) => new() { Text = text };

    public static implicit operator SqliteArgument(byte[] bytes) => new() { Bytes = bytes };
}
