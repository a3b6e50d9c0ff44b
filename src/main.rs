//! croon, the player.

fn main() {}
