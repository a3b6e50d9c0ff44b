//! The stems that `croon separate` can write.

use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum StemChoice {
    Vocals,
    Instrumental,
}

impl StemChoice {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Vocals => "vocals",
            Self::Instrumental => "instrumental",
        }
    }
}
