//! A whole shop under random sequences of everything that can happen, compared with a model after each step.
//!
//! The [`Reference`] knows the rules in whole numbers and nothing of the domain crates. After each [`Step`] the use cases
//! have to have answered what it foresaw, the [`Figures`] read from the storage have to be its own, and the audit has
//! to hold.
//!
//! # How to add an operation
//! 1. A variant of [`Step`], and whose it is.
//! 2. Where it comes from, in `steps.rs`.
//! 3. What it does to the [`Reference`], and what it is answered.
//! 4. What it does to a [`Shop`]: the use case, and a code for each of its refusals.
//! 5. If it shows in something new, that belongs in the [`Figures`].

mod figures;
mod opening;
mod reference;
mod refusals;
mod shop;
mod step;
mod steps;

use std::cell::Cell;

use proptest::test_runner::{Config, RngSeed, TestRunner};
use proptest_state_machine::ReferenceStateMachine;

use crate::{SeededEntropy, Storage};
use figures::Figures;
use reference::Reference;
use shop::Shop;
use step::{Answered, Step};

/// How many steps a sequence has.
const STEPS: std::ops::Range<usize> = 1..40;

/// Runs random sequences of operations, each on an empty storage, and compares the shop with a model after each step. A
/// failure is shown with the shortest sequence that was found for it.
///
/// There are `cases` sequences unless `PROPTEST_CASES` says otherwise; `JANGTEO_TEST_SEED` repeats a run.
#[expect(clippy::print_stdout, reason = "the output of a test tells how many sequences it really ran")]
pub fn check_model<S: Storage>(cases: u32, empty: impl AsyncFn() -> S) {
    let told = std::env::var_os("PROPTEST_CASES").is_some();
    let config = Config::default();
    let config = Config {
        cases: if told { config.cases } else { cases },
        rng_seed: RngSeed::Fixed(SeededEntropy::fresh().number()),
        // The seed and the sequence itself are shown.
        failure_persistence: None,
        ..config
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a run time");
    let mut runner = TestRunner::new(config);
    let (sequences, taken) = (Cell::new(0_u32), Cell::new(0_u64));
    let outcome = runner.run(&Reference::sequential_strategy(STEPS), |(mut reference, steps, seen)| {
        runtime.block_on(async {
            let mut shop = Shop::open(empty().await).await;
            for step in steps {
                if let Some(seen) = &seen {
                    seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                }
                taken.set(taken.get() + 1);
                reference = Reference::apply(reference, &step);
                let answered = shop.take(&step).await;
                assert_eq!(answered, reference.answered, "the answer to {step:?}");
                let figures = shop.figures().await;
                figures.make_sense();
                assert_eq!(figures, reference.figures(), "after {step:?}");
                shop.adds_up().await;
            }
        });
        sequences.set(sequences.get() + 1);
        Ok(())
    });
    println!("{} sequences of {} steps together", sequences.get(), taken.get());
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
