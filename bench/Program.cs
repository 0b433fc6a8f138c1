using System.CommandLine;
using OrleansJobs.Bench.Agents;
using OrleansJobs.Bench.Brokers;
using OrleansJobs.Bench.Micro;
using OrleansJobs.Bench.Questions;

var root = new RootCommand("How fast, how punctual, how small: one command a question. The last line of each is one JSON object.");
foreach (var question in AllQuestions.List) root.Add(QuestionCommand.For(question));
root.Add(AgentCommand.Create());
root.Add(BrokerCommand.Create());
root.Add(MicroCommand.Create());
return await root.Parse(args).InvokeAsync();
