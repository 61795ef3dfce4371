//! Writes that the other instances have not been told of yet.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jangteo_shared_kernel::ProductId;
use tokio::sync::Notify;

/// How many products wait to be told at most. Of what is beyond that others learn when their answers have lived their
/// lives.
const MOST: usize = 10_000;

/// A set that is told in one message, however many writes it is from: nobody who writes waits for it.
#[derive(Debug, Default)]
pub(super) struct Untold {
    products: Mutex<BTreeSet<ProductId>>,
    some: Notify,
}

impl Untold {
    pub(super) fn add(&self, written: &BTreeSet<ProductId>) {
        let mut products = self.products();
        let room = MOST.saturating_sub(products.len());
        products.extend(written.iter().take(room));
        self.some.notify_one();
    }

    /// Waits for some, and takes all.
    pub(super) async fn take(&self) -> BTreeSet<ProductId> {
        loop {
            let taken = mem::take(&mut *self.products());
            if !taken.is_empty() {
                return taken;
            }
            // What was added since the last look has left a permit.
            self.some.notified().await;
        }
    }

    fn products(&self) -> MutexGuard<'_, BTreeSet<ProductId>> {
        // Nothing panics while it is held, so a poisoned set is a whole one.
        self.products.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
