using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>
/// The keys of a folder that is looked at again and again, so that keys can be given and withdrawn while the gateway runs. A file that cannot be read or
/// understood leaves its key as it was: half of a change must lock nobody out. A file that is gone takes its key with it at once.
/// </summary>
internal sealed partial class KeyFolder : IDisposable
{
    private readonly string? _folder;
    private readonly ILogger _logger;
    private readonly Dictionary<string, Entry> _files = new(StringComparer.Ordinal);
    private readonly ITimer? _timer;
    private readonly TimeSpan _interval;
    private volatile ApiKey[] _keys = [];
    private string? _trouble;

    public KeyFolder(IOptions<JobGatewayOptions> options, TimeProvider time, ILogger<KeyFolder> logger)
    {
        _folder = options.Value.KeyFolder;
        _interval = options.Value.KeyFolderInterval;
        _logger = logger;
        if (_folder is null) return;
        Look();
        // Once at a time: the next look is set when one has ended. Links that are turned round, as those of a mounted secret, tell no watcher.
        _timer = time.CreateTimer(static state => ((KeyFolder)state!).LookAgain(), this, _interval, Timeout.InfiniteTimeSpan);
    }

    public ApiKey[] Keys => _keys;

    public void Dispose() => _timer?.Dispose();

    private void LookAgain()
    {
        try
        {
            Look();
        }
        finally
        {
            _timer?.Change(_interval, Timeout.InfiniteTimeSpan);
        }
    }

    private void Look()
    {
        SortedDictionary<string, string?> texts;
        try
        {
            texts = KeyFiles.Read(_folder!);
            _trouble = null;
        }
        catch (DirectoryNotFoundException)
        {
            // Whoever takes the folder away takes all of its keys away.
            texts = new(StringComparer.Ordinal);
            Tell("it is not there");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Tell(exception.Message);
            return;
        }

        Take(texts);
    }

    private void Take(SortedDictionary<string, string?> texts)
    {
        var withdrawn = new List<ApiKey>();
        foreach (var gone in _files.Keys.Except(texts.Keys).ToList())
        {
            if (_files.Remove(gone, out var entry) && entry.Key is { } key) withdrawn.Add(key);
        }

        foreach (var (file, text) in texts)
        {
            var known = _files.GetValueOrDefault(file);
            if (text is null)
            {
                if (known is not { IsUnreadable: true }) LogWrong(file, "It cannot be read.");
                _files[file] = (known ?? new(null, null)) with { IsUnreadable = true };
                continue;
            }

            if (known is not null && known.Text == text)
            {
                _files[file] = known with { IsUnreadable = false };
                continue;
            }

            var errors = new List<string>();
            var key = KeyFiles.Parse(file, text, errors);
            if (key is not null && _files.Any(other => other.Key != file && other.Value.Key?.Id == key.Id)) errors.Add($"{file}:Id is given twice: '{key.Id}'.");
            if (errors.Count > 0)
            {
                LogWrong(file, string.Join(' ', errors));
                _files[file] = new(text, known?.Key);
                continue;
            }

            if (known?.Key is { } before) withdrawn.Add(before);
            _files[file] = new(text, new ApiKey(key!));
            LogKnown(key!.Id, file);
        }

        _keys = [.. _files.Values.Select(file => file.Key).OfType<ApiKey>()];
        // After the new ones are good: whoever is cut off and comes again with a changed key is let in.
        foreach (var key in withdrawn)
        {
            LogWithdrawn(key.Id);
            key.Withdraw();
        }
    }

    private void Tell(string trouble)
    {
        if (_trouble == trouble) return;
        _trouble = trouble;
        LogTrouble(_folder!, trouble);
    }

    /// <param name="Text">As it was last read; null where it never could be.</param>
    /// <param name="Key">As it was last understood.</param>
    private sealed record Entry(string? Text, ApiKey? Key)
    {
        /// <summary>The last look could not read it, which has been said.</summary>
        public bool IsUnreadable { get; init; }
    }

    [LoggerMessage(1, LogLevel.Information, "Key {Id} is good, as {File} says")]
    private partial void LogKnown(string id, string file);

    [LoggerMessage(2, LogLevel.Information, "Key {Id}, as it was, is withdrawn")]
    private partial void LogWithdrawn(string id);

    [LoggerMessage(3, LogLevel.Error, "The key file {File} is left out of account, and its key stays as it was: {Errors}")]
    private partial void LogWrong(string file, string errors);

    [LoggerMessage(4, LogLevel.Error, "The folder of keys {Folder} cannot be read: {Trouble}")]
    private partial void LogTrouble(string folder, string trouble);
}
