namespace OrleansJobs;

/// <summary>Rules of keys: how many of a key's jobs run at a time, how many start per period, in which order, and how often it is its turn.</summary>
public interface IKeyClient
{
    /// <summary>Puts the rule of a prefix (<c>tenant</c>: of each key that begins with <c>tenant/</c>) or of one key (<c>tenant/7</c>), in place of the one it had. Holds in all of the grid when it is answered.</summary>
    /// <exception cref="JobRejectedException">It breaks a rule.</exception>
    /// <exception cref="GridUnavailableException">Not every partition has answered: it may hold in some by now, and will in all.</exception>
    Task<KeyInfo> PutAsync(string name, KeyRule rule, CancellationToken cancellation = default);

    /// <summary>A key, or all keys of a prefix together, as it stands.</summary>
    Task<KeyInfo> GetAsync(string name, CancellationToken cancellation = default);

    /// <summary>Takes away the rule of a name; what is said of its prefix, or configured, holds again.</summary>
    /// <returns>False where there was none.</returns>
    Task<bool> DeleteAsync(string name, CancellationToken cancellation = default);

    /// <summary>Nothing of the key, or of the prefix, starts until it is resumed. What runs goes on.</summary>
    Task<KeyInfo> PauseAsync(string name, string? reason = null, CancellationToken cancellation = default);

    Task<KeyInfo> ResumeAsync(string name, CancellationToken cancellation = default);

    /// <summary>Keys with jobs that wait or run.</summary>
    /// <param name="prefix">Null: of all prefixes.</param>
    /// <param name="rank">Which of them come first.</param>
    Task<IReadOnlyList<KeyInfo>> ListAsync(string? prefix = null, int limit = 50, KeyRank rank = KeyRank.Busy, CancellationToken cancellation = default);

    /// <summary>The jobs of one key: those that run, and those that wait, in the order in which they are to start.</summary>
    /// <param name="limit">Of those that wait, and of those that run: 1 to <see cref="JobLimits.MaxPage"/>.</param>
    Task<KeyJobs> JobsAsync(string key, int limit = 50, CancellationToken cancellation = default);
}
