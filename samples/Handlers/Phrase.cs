namespace OrleansJobs.Samples;

/// <summary>What a long task says of itself: a verb, an adjective and a noun.</summary>
internal static class Phrase
{
    private static readonly string[] Verbs = ["Assembling", "Calibrating", "Defrosting", "Polishing", "Rewinding", "Untangling", "Warming up"];
    private static readonly string[] Adjectives = ["cosmic", "gentle", "golden", "harmonic", "quiet", "sturdy", "tiny"];
    private static readonly string[] Nouns = ["antenna", "bit bucket", "flywheel", "hourglass", "lens", "orbiter", "solar array"];

    public static string Make(Random chance) => $"{Pick(Verbs, chance)} {Pick(Adjectives, chance)} {Pick(Nouns, chance)}...";

    private static string Pick(string[] words, Random chance) => words[chance.Next(words.Length)];
}
