//! croon-separator, the engine.

fn main() {}
