//! A service that has users and orders of its own and takes nothing of Jangteo but its coupons: 300 people ask for 100 of
//! them at once, in a thread each.
//!
//! `store.rs` is the storage that such a service brings. There is no database and no run time for futures.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod store;

use std::collections::BTreeSet;
use std::error::Error;
use std::future::ready;
use std::pin::pin;
use std::slice;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use jangteo_coupon::{
    Campaign, CampaignDraft, CampaignRepository, ClaimRefusal, Claimant, CouponDiscount, CouponScope,
    IssuedCoupon, IssuedCouponRepository, NewCampaign,
};
use jangteo_shared_kernel::{
    CouponId, Currency, Entropy, Id, Money, Quantity, StorageError, Timestamp, UserId, atomically, retrying,
};

use self::store::{Store, StoreTransaction};

const PEOPLE: usize = 300;
const COUPONS: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    for line in story()? {
        println!("{line}");
    }
    Ok(())
}

/// What happens, in a few lines.
fn story() -> Result<Vec<String>, Box<dyn Error>> {
    let service = Service::default();
    let now: Timestamp = "2026-11-22T00:00:00Z".parse()?;
    let campaign = service.open_campaign(now)?;

    let people: Vec<UserId> = (0..PEOPLE).map(|_| service.id(now)).collect();
    let (service, start) = (&service, &Barrier::new(PEOPLE));
    let outcomes: Vec<_> = thread::scope(|scope| {
        let asking: Vec<_> = people
            .iter()
            .map(|user| {
                scope.spawn(move || {
                    start.wait();
                    service.claim(campaign, *user, now)
                })
            })
            .collect();
        asking.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });

    let (mut places, mut late, mut lucky) = (BTreeSet::new(), 0, None);
    for outcome in outcomes {
        match outcome.map_err(|_| "a thread has panicked")?? {
            Ok(coupon) => {
                if !places.insert(coupon.sequence) {
                    return Err(format!("two people have coupon {}", coupon.sequence).into());
                }
                lucky = Some(coupon.user);
            }
            Err(ClaimRefusal::SoldOut) => late += 1,
            Err(other) => return Err(other.into()),
        }
    }
    let again = service.claim(campaign, lucky.ok_or("nobody got a coupon")?, now)?;
    Ok(vec![
        format!("{PEOPLE} people asked at once for {COUPONS} coupons."),
        format!(
            "{} got one, numbered {} to {}; {late} were told that all are claimed.",
            places.len(),
            places.first().copied().unwrap_or_default(),
            places.last().copied().unwrap_or_default(),
        ),
        format!("Whoever has one and asks again is told: {}.", again.err().ok_or("there was a second")?),
    ])
}

/// The part of the service that hands coupons out.
#[derive(Debug, Default)]
struct Service {
    store: Store,
    random: Counting,
}

impl Service {
    /// A campaign of coupons that take 1,000 won off, one for each user.
    fn open_campaign(&self, now: Timestamp) -> Result<CouponId, Box<dyn Error>> {
        let discount = CouponDiscount::Fixed(Money::new(1_000, Currency::KRW));
        let total = Quantity::new(COUPONS)?;
        let draft = CampaignDraft::new("첫 구매 쿠폰".parse()?, discount, CouponScope::All, total);
        let campaign = Campaign::create(self.id(now), NewCampaign::check(draft, Currency::KRW)?, now);
        let id = campaign.id;
        run(atomically(&self.store, async |tx: &mut StoreTransaction| {
            tx.insert_campaigns(&[campaign]).await
        }))?;
        Ok(id)
    }

    /// Lock, decide, save; and once more if another transaction was faster.
    fn claim(
        &self,
        campaign: CouponId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Result<IssuedCoupon, ClaimRefusal>, StorageError> {
        let claimant = Claimant { campaign, user };
        let claim = async |tx: &mut StoreTransaction| {
            let mut allotments = tx.lock_campaigns(&BTreeSet::from([campaign])).await?;
            let held = tx.count_claims(&BTreeSet::from([claimant])).await?;
            let Some(allotment) = allotments.get_mut(&campaign) else {
                return Err(StorageError::Fatal("the campaign is gone".into()));
            };
            let held = held.get(&claimant).copied().unwrap_or_default();
            let coupon = match allotment.claim(self.id(now), user, held, now) {
                Ok(coupon) => coupon,
                // Decided before anything was written, so there is nothing to undo.
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.save_claimed(slice::from_ref(allotment)).await?;
            tx.insert_issued_coupons(slice::from_ref(&coupon)).await?;
            Ok(Ok(coupon))
        };
        run(retrying(|_| ready(()), || atomically(&self.store, &claim)))
    }

    fn id<K>(&self, now: Timestamp) -> Id<K> {
        Id::generate(now, &self.random)
    }
}

/// Different bytes each time, which is all that an example needs. A service takes a secure source.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.fill(0);
        for (byte, of_count) in bytes.iter_mut().rev().zip(count.iter().rev()) {
            *byte = *of_count;
        }
    }
}

/// Runs a future of this store, whose waiting blocks the thread.
fn run<T>(future: impl Future<Output = Result<T, StorageError>>) -> Result<T, StorageError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(StorageError::Fatal("the store never leaves a future waiting".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_coupons_are_handed_out_as_there_are() {
        let told = [
            "300 people asked at once for 100 coupons.",
            "100 got one, numbered 1 to 100; 200 were told that all are claimed.",
            "Whoever has one and asks again is told: the user has claimed all that one may have.",
        ];
        assert_eq!(story().expect("it comes to its end"), told);
        assert!(include_str!("../../README.md").contains(&told.join("\n")), "the page shows something else");
    }
}
