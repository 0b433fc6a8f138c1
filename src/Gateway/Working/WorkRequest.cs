namespace OrleansJobs.Gateway.Working;

/// <summary>A type that a worker names.</summary>
/// <param name="Info">What it is said to be.</param>
/// <param name="IsSaid">False: it was only named.</param>
internal readonly record struct NamedType(JobTypeInfo Info, bool IsSaid);

/// <summary>The body of <c>POST /work</c>.</summary>
/// <param name="Session">Null: one is to be opened.</param>
internal sealed record WorkRequest(string? Session, NamedType[] Types, WorkCall Call);

/// <summary>The body of <c>POST /work/jobs/{id}/checkpoint</c>.</summary>
internal sealed record CheckpointRequest(string Session, long Token, byte[] Checkpoint);
