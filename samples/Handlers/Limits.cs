namespace OrleansJobs.Samples;

internal static class Limits
{
    /// <exception cref="GiveUpException">Out of bounds: no later attempt would find it otherwise.</exception>
    public static int Check(string name, int value, int least, int most) =>
        value >= least && value <= most ? value : throw new GiveUpException($"{name} is {least} to {most}; it is {value}.");
}
