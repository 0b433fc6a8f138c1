namespace OrleansJobs.Gateway;

/// <summary>The console: whether, where and how far it is served.</summary>
public sealed class ConsoleOptions
{
    /// <summary>False: no page is served. What it asks for stays, for other clients.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Where it is served, such as <c>/ops/jobs</c>; what it asks for stays where it is. None of the gateway's own addresses.</summary>
    public string Path { get; set; } = "/";

    /// <summary>
    /// True: the console offers no change, and what it asks for that would be one is refused, as is whatever comes with a cookie. Keys in other hands are
    /// good for what they are: somebody who must not change anything is given one with the scope <c>read</c> alone.
    /// </summary>
    public bool ReadOnly { get; set; }
}
