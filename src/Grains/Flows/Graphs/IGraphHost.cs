namespace OrleansJobs.Flows.Graphs;

/// <summary>What a graph asks of the flow that runs it, beyond what code may ask.</summary>
internal interface IGraphHost
{
    /// <summary>The weights of all children that there will be.</summary>
    void Plan(long weight);

    /// <summary>The failure of a child is dealt with by another: it stays failed, also where all that has failed is run again.</summary>
    /// <param name="follower">Who deals with it; where that has been started, so has this been said.</param>
    void Settle(string child, string follower);
}
