//! What was written when, as far as answers that are kept have to know.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jangteo_shared_kernel::{ProductId, Timestamp};
use jangteo_storage_sea_orm::WrittenProducts;

use super::LIFE_DELTA;
use super::untold::Untold;

/// How many counters products share. Two that share one only forget each other's answers.
const SLOTS: usize = 16_384;

/// What an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// A product, its stock included.
    Product(ProductId),
    /// Any product, its stock included.
    Stock,
    /// Any product, but for its stock.
    Catalogue,
}

/// Counts what was written, so that an answer that was begun before a write is told from one that was begun after it:
/// the counts differ. Nothing has to be searched for and thrown away, and what is still being made is covered as well.
/// The memory is fixed, so nothing is forgotten too early.
#[derive(Debug)]
pub(crate) struct Writes {
    products: Box<[Slot]>,
    stock: Slot,
    catalogue: Slot,
    untold: Untold,
}

#[derive(Debug)]
struct Slot {
    count: AtomicU64,
    /// When it was written last, in milliseconds of the epoch.
    last: AtomicI64,
}

impl Slot {
    const fn new() -> Self {
        Self { count: AtomicU64::new(0), last: AtomicI64::new(i64::MIN) }
    }

    fn note(&self, now: Timestamp) {
        self.last.fetch_max(now.timestamp_millis(), Ordering::Relaxed);
        // Whoever sees the new count sees the time as well.
        self.count.fetch_add(1, Ordering::Release);
    }
}

impl Writes {
    /// Nothing was written yet.
    pub(crate) fn new() -> Self {
        let products = (0..SLOTS).map(|_| Slot::new()).collect();
        let (stock, catalogue) = (Slot::new(), Slot::new());
        Self { products, stock, catalogue, untold: Untold::default() }
    }

    /// Notes what this instance has written. Answers that are begun from now on show it.
    pub(crate) fn note(&self, written: &WrittenProducts, now: Timestamp) {
        self.note_products(&written.ids, now);
        self.stock.note(now);
        if written.catalogue {
            self.catalogue.note(now);
        }
        self.untold.add(&written.ids);
    }

    /// Waits for products that this instance has written and not told the others of yet.
    pub(super) async fn untold(&self) -> BTreeSet<ProductId> {
        self.untold.take().await
    }

    /// Notes that somebody has written these products. Lists hold on: they are good for a moment only, and a shop that
    /// sells would forget them all the time.
    pub(super) fn note_products(&self, written: &BTreeSet<ProductId>, now: Timestamp) {
        for id in written {
            self.slot(Topic::Product(*id)).note(now);
        }
    }

    /// Changes with each write.
    pub(super) fn edition(&self, topic: Topic) -> u64 {
        self.slot(topic).count.load(Ordering::Acquire)
    }

    /// Whether it was written within the life of an answer before `now`. A clock that was set back says yes for longer.
    pub(super) fn lately(&self, topic: Topic, now: Timestamp) -> bool {
        let last = self.slot(topic).last.load(Ordering::Relaxed);
        now.timestamp_millis().saturating_sub(last) <= LIFE_DELTA.num_milliseconds()
    }

    fn slot(&self, topic: Topic) -> &Slot {
        match topic {
            Topic::Stock => &self.stock,
            Topic::Catalogue => &self.catalogue,
            Topic::Product(id) => {
                // The end of an id is drawn by chance, so it needs no hash.
                let (_, end) = id.as_uuid().as_u64_pair();
                let index = usize::try_from(end % SLOTS as u64).unwrap_or_default();
                self.products.get(index).unwrap_or(&self.stock)
            }
        }
    }
}
