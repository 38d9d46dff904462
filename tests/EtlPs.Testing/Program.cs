using EtlPs.Testing.Crashes;

return await PipelineChild.RunAsync(args);
