//! What becomes of windows that a card has no memory for: fewer of them at once, at last each alone, and
//! when not even one fits, the processor. A step down is said once and holds for the rest of the run, since
//! the memory that is missing belongs to other programs.

use tch::TchError;

/// Computes the vocals of several windows in one pass.
pub trait Pass {
    fn pass(&mut self, windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, TchError>;
}

/// A device that may run out of memory, what stands in for it, and who hears of it.
pub struct Fallback<'a> {
    card: Option<Box<dyn Pass + Send + 'a>>,
    /// Windows in one pass at most; a power of two, so that a card meets few sizes and knows the fastest
    /// way for each.
    limit: usize,
    processor: Option<Box<dyn Pass + Send + 'a>>,
    make: Box<Make<'a>>,
    say: Box<dyn FnMut(String) + Send + 'a>,
}

/// Makes ready what computes without the card.
type Make<'a> = dyn FnMut() -> Result<Box<dyn Pass + Send + 'a>, TchError> + Send + 'a;

impl<'a> Fallback<'a> {
    pub fn new(
        card: impl Pass + Send + 'a,
        limit: usize,
        make: impl FnMut() -> Result<Box<dyn Pass + Send + 'a>, TchError> + Send + 'a,
        say: impl FnMut(String) + Send + 'a,
    ) -> Self {
        Self {
            card: Some(Box::new(card)),
            limit: power_of_two(limit),
            processor: None,
            make: Box::new(make),
            say: Box::new(say),
        }
    }

    fn step_down(&mut self, count: usize, error: &TchError) -> Result<(), TchError> {
        let said = error.to_string();
        let said = said.lines().next().unwrap_or_default();
        if count > 1 {
            self.limit = count / 2;
            let windows = if self.limit == 1 { "window" } else { "windows" };
            (self.say)(format!(
                "the card has no memory for {count} windows at once, from now on it gets {} {windows} ({said})",
                self.limit
            ));
        } else {
            self.card = None;
            self.processor = Some((self.make)()?);
            (self.say)(format!(
                "the card has no memory for a single window, from now on the processor computes ({said}). Close \
                 what else uses the card and start again"
            ));
        }
        Ok(())
    }
}

impl Pass for Fallback<'_> {
    fn pass(&mut self, windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, TchError> {
        let mut vocals = Vec::with_capacity(windows.len());
        while let rest @ [_, ..] = &windows[vocals.len()..] {
            let Some(card) = &mut self.card else {
                let missing = || TchError::Torch("no device is left to compute on".into());
                vocals.extend(self.processor.as_mut().ok_or_else(missing)?.pass(rest)?);
                continue;
            };
            let count = power_of_two(rest.len().min(self.limit));
            match card.pass(&rest[..count]) {
                Ok(done) => vocals.extend(done),
                Err(error) if is_out_of_memory(&error) => self.step_down(count, &error)?,
                Err(error) => return Err(error),
            }
        }
        Ok(vocals)
    }
}

/// Whether a device lacked memory. torch names it in words only. The last sign is what becomes of it inside
/// a convolution: torch tries every way that cuDNN knows and passes over those that lack memory.
pub fn is_out_of_memory(error: &TchError) -> bool {
    let said = error.to_string();
    ["out of memory", "ALLOC_FAILED", "unable to find an engine"]
        .iter()
        .any(|sign| said.contains(sign))
}

/// The largest power of two up to a number.
fn power_of_two(number: usize) -> usize {
    1 << number.max(1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A device that gives its windows back and has room for so many.
    struct Fake<'a> {
        room: &'a AtomicUsize,
        // lock: what the fake saw, shared with the test alone
        passes: &'a Mutex<Vec<usize>>,
    }

    impl Pass for Fake<'_> {
        fn pass(&mut self, windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, TchError> {
            if windows.len() > self.room.load(Ordering::Relaxed) {
                return Err(TchError::Torch(
                    "CUDA out of memory. Tried to allocate 2.00 GiB\nstack".into(),
                ));
            }
            if windows.iter().any(|window| window[0] < 0.0) {
                return Err(TchError::Torch("a sum went wrong".into()));
            }
            self.passes.lock().unwrap().push(windows.len());
            Ok(windows.iter().map(|window| window.to_vec()).collect())
        }
    }

    #[test]
    fn less_memory_means_fewer_windows_and_at_last_the_processor_each_said_once() {
        // lock: what the fake saw, shared with the test alone
        let (room, passes, said) = (AtomicUsize::new(8), Mutex::new(vec![]), Mutex::new(vec![]));
        // lock: what the fake saw, shared with the test alone
        let (on_processor, plenty) = (Mutex::new(vec![]), AtomicUsize::new(99));
        let mut fallback = Fallback::new(
            Fake {
                room: &room,
                passes: &passes,
            },
            8,
            || {
                Ok(Box::new(Fake {
                    room: &plenty,
                    passes: &on_processor,
                }))
            },
            |sentence: String| said.lock().unwrap().push(sentence),
        );
        let values: Vec<[f32; 1]> = (0..11).map(|x| [x as f32]).collect();
        let windows: Vec<&[f32]> = values.iter().map(<[f32; 1]>::as_slice).collect();
        let mut check = |wanted: &[usize], words: usize| {
            let vocals = fallback.pass(&windows).unwrap();
            assert!(vocals.iter().zip(&windows).all(|(a, b)| a[..] == **b));
            assert_eq!(std::mem::take(&mut *passes.lock().unwrap()), wanted);
            assert_eq!(said.lock().unwrap().len(), words, "{said:?}");
        };
        check(&[8, 2, 1], 0);
        room.store(2, Ordering::Relaxed);
        check(&[2, 2, 2, 2, 2, 1], 2);
        check(&[2, 2, 2, 2, 2, 1], 2);
        room.store(0, Ordering::Relaxed);
        check(&[], 4);
        check(&[], 4);
        assert_eq!(*on_processor.lock().unwrap(), [11, 11]);
        let said = said.lock().unwrap();
        assert!(said[0].contains("8 windows at once") && said[0].contains("4 windows"));
        assert!(said[3].contains("the processor computes") && !said[3].contains("stack"));
    }

    #[test]
    fn memory_that_lacks_inside_a_convolution_is_memory_too() {
        for said in [
            "CUDA out of memory. Tried to allocate 2.00 GiB",
            "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
            "FIND was unable to find an engine to execute this computation after trying 9 plans.",
        ] {
            assert!(is_out_of_memory(&TchError::Torch(said.into())), "{said}");
        }
    }

    #[test]
    fn another_failure_is_handed_on() {
        // lock: what the fake saw, shared with the test alone
        let (room, passes) = (AtomicUsize::new(8), Mutex::new(vec![]));
        let mut fallback = Fallback::new(
            Fake {
                room: &room,
                passes: &passes,
            },
            8,
            || panic!("not asked for"),
            |_| panic!("nothing to say"),
        );
        let error = fallback.pass(&[&[1.0], &[-1.0]]).unwrap_err();
        assert!(!is_out_of_memory(&error) && passes.lock().unwrap().is_empty());
    }
}
