namespace OrleansJobs.Storage;

/// <summary>The store would lose jobs, or cannot be read by this release; the message says which, and what to do.</summary>
public sealed class UnfitStoreException(string message) : Exception(message);
