using OrleansJobs.Tool;

using var surroundings = Surroundings.OfThisProcess();
return await new ToolApp(surroundings).RunAsync(args);
