namespace OrleansJobs.Hosting;

/// <summary>A handler cannot be registered as it is. Thrown while the silo is being configured or started.</summary>
public sealed class JobRegistrationException(string message) : Exception(message);
