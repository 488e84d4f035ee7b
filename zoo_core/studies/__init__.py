"""Many measurements that make one chart; each study is a package of its own, on what stands beside it."""
