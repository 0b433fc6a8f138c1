namespace OrleansJobs.Tests.Faults.Model;

/// <summary>A promise was broken in a modelled history.</summary>
internal sealed class ModelBroken(string what) : Exception(what);
