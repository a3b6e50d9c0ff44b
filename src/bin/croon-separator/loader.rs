//! Draws batches ahead of the training step and lays them ready for the device, in one thread or in several:
//! a graphics card takes them faster than one core can mix and transform them.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::Scope;

use crossbeam_channel::Receiver;
use tch::{Device, TchError};

use crate::checkpoint::{Length, TrainingPlan};
use crate::dataset::Dataset;
use crate::recipe::Recipe;
use crate::rng::Rng;
use crate::sampler::Sampler;
use crate::train_step::Examples;

/// The batches of a run in the order of its steps. Its threads end when it is dropped.
pub struct Loader {
    /// One for each thread. Of `t` threads, thread `n` draws steps `n`, `n + t`, `n + 2 t` and so on.
    queues: Vec<Receiver<Result<Examples, TchError>>>,
    next: usize,
}

impl Loader {
    /// Starts `threads` threads that draw the batches from step `first` on. A step's batch depends on the
    /// plan's seed and the step alone, so their number changes nothing but the speed. `polishing` says
    /// whether a run that is planned in minutes is in its last part.
    pub fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
        data: &'scope Dataset,
        plan: &'scope TrainingPlan,
        first: u64,
        polishing: &'scope AtomicBool,
        device: Device,
    ) -> Self {
        let threads = threads.max(1);
        let start = |nth: usize| {
            let (filled, queue) = crossbeam_channel::bounded(1);
            scope.spawn(move || {
                let mut sampler = Sampler::new(data, plan.frames);
                for step in (first + nth as u64..).step_by(threads) {
                    let recipe = recipe(plan, step, polishing);
                    let batch = sampler.batch(plan.batch / 2, recipe, &mut Rng::of_step(plan.seed, step));
                    if filled.send(Examples::new(&batch, plan.frames, device)).is_err() {
                        break;
                    }
                }
            });
            queue
        };
        Self {
            queues: (0..threads).map(start).collect(),
            next: 0,
        }
    }

    /// The batch of the next step; `None` when its thread has ended.
    ///
    /// # Errors
    ///
    /// libtorch has no memory for it.
    pub fn next(&mut self) -> Option<Result<Examples, TchError>> {
        let batch = self.queues.get(self.next)?.recv().ok()?;
        self.next = (self.next + 1) % self.queues.len();
        Some(batch)
    }
}

fn recipe(plan: &TrainingPlan, step: u64, polishing: &AtomicBool) -> &'static Recipe {
    let polish = match plan.length {
        Length::Steps(steps) => step as f64 >= steps as f64 * (1.0 - plan.polish),
        Length::Minutes(_) => polishing.load(Relaxed),
    };
    if polish { &Recipe::POLISH } else { &Recipe::BROAD }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train_step::tests::data;
    use crate::train_step::tests::plan;

    #[test]
    fn several_threads_give_the_batches_of_one_in_the_same_order() {
        let (data, plan) = (data(), plan());
        let drawn = |threads| {
            let polishing = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let mut loader = Loader::start(scope, threads, &data, &plan, 7, &polishing, Device::Cpu);
                let batches: Vec<Examples> = (0..5).map(|_| loader.next().unwrap().unwrap()).collect();
                drop(loader);
                batches
            })
        };
        let (one, three) = (drawn(1), drawn(3));
        assert!(one.iter().zip(&three).all(|(a, b)| a.is_like(b)));
        assert!(!one[0].is_like(&one[1]));
    }
}
