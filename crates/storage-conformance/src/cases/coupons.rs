//! Coupons in the hands of users.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::slice::from_ref;

use jangteo_coupon::{
    Claimant, CouponStatus, CouponUse, IssuedCoupon, IssuedCouponFilter, IssuedCouponPosition,
};
use jangteo_shared_kernel::{PageRequest, Quantity, Timestamp, UserId};

use crate::fixtures::{instant, units};
use crate::prelude::*;
use crate::support::{
    add_campaigns, add_coupons, assert_lost_race, assert_one_winner, assert_waits, at_once, begin, commit,
    every_page, finish, first_page, ids, outcome,
};
use crate::{Fixtures, Storage};

const EVERY_STATUS: [Option<CouponStatus>; 4] =
    [None, Some(CouponStatus::Issued), Some(CouponStatus::Used), Some(CouponStatus::Expired)];

async fn list<S: Storage>(
    storage: &S,
    filter: IssuedCouponFilter,
    now: Timestamp,
    limit: u16,
) -> Vec<IssuedCoupon> {
    every_page(limit, |page: PageRequest<IssuedCouponPosition>| async move {
        storage.list_issued_coupons(&filter, now, &page).await
    })
    .await
}

fn newest_first(coupons: impl IntoIterator<Item = IssuedCoupon>) -> Vec<IssuedCoupon> {
    let mut sorted: Vec<IssuedCoupon> = coupons.into_iter().collect();
    sorted.sort_by_key(|coupon| Reverse((coupon.claimed_at, coupon.id)));
    sorted
}

fn use_at(fixtures: &Fixtures, used_at: Timestamp) -> CouponUse {
    CouponUse { order: fixtures.id(), used_at }
}

/// Checks that the coupons read back as they are, found, locked and listed.
async fn assert_kept<S: Storage>(storage: &S, coupons: &[IssuedCoupon]) {
    for coupon in coupons {
        assert_eq!(storage.find_issued_coupon(coupon.id).await.unwrap().as_ref(), Some(coupon));
    }
    let all = coupons.iter().map(|coupon| coupon.id).collect();
    let mut tx = begin(storage).await;
    let locked = tx.lock_issued_coupons(&all).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(locked, coupons.iter().map(|coupon| (coupon.id, coupon.clone())).collect());
    for user in coupons.iter().map(|coupon| coupon.user).collect::<BTreeSet<UserId>>() {
        let mut listed =
            list(storage, IssuedCouponFilter { user, status: None }, instant("2026-11-22T00:00:00Z"), 100)
                .await;
        listed.retain(|coupon| all.contains(&coupon.id));
        assert_eq!(listed, newest_first(coupons.iter().filter(|coupon| coupon.user == user).cloned()));
    }
}

pub(crate) async fn a_coupon_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(180);
    let user = fixtures.id();
    let mut coupons: Vec<IssuedCoupon> = (0..8).map(|_| fixtures.issued_coupon(user)).collect();
    let (early, late) = (instant("1970-01-01T00:00:00.001Z"), instant("9999-12-31T23:59:59.999Z"));
    coupons[0].used = Some(use_at(&fixtures, instant("2026-11-22T14:59:59.999Z")));
    coupons[1].used = Some(use_at(&fixtures, late));
    coupons[1].claimed_at = early;
    coupons[2].valid_from = Some(early);
    coupons[2].valid_until = Some(late);
    coupons[3].valid_from = None;
    coupons[3].valid_until = None;
    coupons[4].valid_from = Some(late);
    coupons[4].valid_until = None;
    coupons[5].sequence = 1_000_000_000;
    coupons[5].nth = 1_000_000_000;
    coupons[6].sequence = u32::MAX;
    coupons[6].nth = u32::MAX;
    coupons[7].version = i64::MAX;
    add_coupons(&storage, &coupons).await;
    assert_kept(&storage, &coupons).await;
}

pub(crate) async fn leaves_out_unknown_coupons<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(181);
    let known = fixtures.issued_coupon(fixtures.id());
    add_coupons(&storage, from_ref(&known)).await;
    assert_eq!(storage.find_issued_coupon(fixtures.id()).await.unwrap(), None);
    for status in EVERY_STATUS {
        let nobody = IssuedCouponFilter { user: fixtures.id(), status };
        assert!(list(&storage, nobody, fixtures.now(), 10).await.is_empty());
    }
    let mut tx = begin(&storage).await;
    let locked = tx.lock_issued_coupons(&ids([fixtures.id(), known.id, fixtures.id()])).await.unwrap();
    assert!(locked.into_values().eq([known]));
}

pub(crate) async fn refuses_a_second_coupon_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(182);
    let coupon = fixtures.issued_coupon(fixtures.id());
    add_coupons(&storage, from_ref(&coupon)).await;
    let mut tx = begin(&storage).await;
    let again = IssuedCoupon { id: coupon.id, ..fixtures.issued_coupon(coupon.user) };
    let inserted = tx.insert_issued_coupons(&[again]).await;
    assert_lost_race(&finish(tx, inserted).await);
    assert_kept(&storage, &[coupon]).await;
}

/// Inserts the coupon after others that are right, by itself and in a set with the first, and expects it refused.
async fn refuses_beside<S: Storage>(
    storage: &S,
    fixtures: &Fixtures,
    first: &IssuedCoupon,
    second: &IssuedCoupon,
) {
    let other = fixtures.issued_coupon(first.user);
    let mut tx = begin(storage).await;
    let inserted = tx.insert_issued_coupons(&[other.clone(), first.clone(), second.clone()]).await;
    assert_lost_race(&finish(tx, inserted).await);
    add_coupons(storage, from_ref(first)).await;
    let mut tx = begin(storage).await;
    let inserted = tx.insert_issued_coupons(&[other.clone(), second.clone()]).await;
    assert_lost_race(&finish(tx, inserted).await);
    assert_eq!(storage.find_issued_coupon(other.id).await.unwrap(), None, "the whole set is refused");
    assert_kept(storage, from_ref(first)).await;
}

pub(crate) async fn refuses_a_second_coupon_of_a_sequence<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(183);
    let first = fixtures.issued_coupon(fixtures.id());
    let second = IssuedCoupon { campaign: first.campaign, ..fixtures.issued_coupon(fixtures.id()) };
    let second = IssuedCoupon { sequence: first.sequence, ..second };
    refuses_beside(&storage, &fixtures, &first, &second).await;
    // The next in the campaign, and the same in another.
    let next = IssuedCoupon { sequence: first.sequence + 1, ..second.clone() };
    let elsewhere = IssuedCoupon { id: fixtures.id(), campaign: fixtures.id(), ..second };
    add_coupons(&storage, &[next, elsewhere]).await;
}

pub(crate) async fn refuses_a_second_coupon_of_a_number_for_its_user<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(184);
    let first = fixtures.issued_coupon(fixtures.id());
    let second = IssuedCoupon { campaign: first.campaign, ..fixtures.issued_coupon(first.user) };
    let second = IssuedCoupon { sequence: first.sequence + 1, nth: first.nth, ..second };
    refuses_beside(&storage, &fixtures, &first, &second).await;
    // The user's next, somebody else's first, and the same in another campaign.
    let next = IssuedCoupon { nth: first.nth + 1, ..second.clone() };
    let (id, user) = (fixtures.id(), fixtures.id());
    let others = IssuedCoupon { id, user, sequence: first.sequence + 2, ..second.clone() };
    let elsewhere = IssuedCoupon { id: fixtures.id(), campaign: fixtures.id(), ..second };
    add_coupons(&storage, &[next, others, elsewhere]).await;
}

/// Without any lock: the keys alone decide.
pub(crate) async fn of_coupons_in_one_place_at_once_one_wins<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(185);
    for same_user in [false, true] {
        for _ in 0..5 {
            let first = fixtures.issued_coupon(fixtures.id());
            let inserted = at_once(6, |n| {
                let rival = IssuedCoupon { id: fixtures.id(), ..first.clone() };
                let rival = if same_user {
                    IssuedCoupon { sequence: first.sequence + n, ..rival }
                } else {
                    IssuedCoupon { user: fixtures.id(), ..rival }
                };
                let storage = storage.clone();
                async move {
                    let mut tx = begin(&storage).await;
                    let inserted = tx.insert_issued_coupons(&[rival]).await;
                    finish(tx, inserted).await
                }
            })
            .await;
            assert_one_winner(inserted);
        }
    }
}

/// The counts, zero for who is left out.
async fn counts<Tx: crate::Repositories>(tx: &mut Tx, claimants: &[Claimant]) -> Vec<u32> {
    let counts = tx.count_claims(&claimants.iter().copied().collect()).await.unwrap();
    assert!(counts.keys().all(|claimant| claimants.contains(claimant)), "more were counted than asked for");
    claimants.iter().map(|claimant| counts.get(claimant).copied().unwrap_or(Quantity::ZERO).get()).collect()
}

pub(crate) async fn counts_the_claims_of_users_used_and_expired_ones_included<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(186);
    let mut campaigns = [fixtures.campaign_of(100, 10), fixtures.campaign_of(100, 10)];
    add_campaigns(&storage, &campaigns).await;
    let [minji, ada, nobody] = [(); 3].map(|()| fixtures.id());
    let mut coupons = Vec::new();
    for held in 0..4 {
        coupons.push(fixtures.claim(&mut campaigns[0], minji, held));
    }
    coupons.push(fixtures.claim(&mut campaigns[0], ada, 0));
    for held in 0..2 {
        coupons.push(fixtures.claim(&mut campaigns[1], minji, held));
    }
    coupons[0].used = Some(use_at(&fixtures, fixtures.now()));
    coupons[1].valid_until = Some(fixtures.in_millis(-1));
    coupons[2].valid_from = Some(fixtures.in_millis(1_000));
    add_coupons(&storage, &coupons).await;

    let all = ids(campaigns.iter().map(|campaign| campaign.id));
    let of = |n: usize, user| Claimant { campaign: campaigns[n].id, user };
    let asked = [of(0, minji), of(1, minji), of(0, ada), of(1, ada), of(0, nobody)];
    for (claimant, held) in asked.into_iter().zip([4, 2, 1, 0, 0]) {
        assert_eq!(storage.find_claims(claimant).await.unwrap(), units(held));
    }
    let mut tx = begin(&storage).await;
    tx.lock_campaigns(&all).await.unwrap();
    assert_eq!(counts(&mut tx, &asked).await, [4, 2, 1, 0, 0]);
    assert_eq!(counts(&mut tx, &[]).await, [0; 0]);
    assert_eq!(counts(&mut tx, &asked[2..3]).await, [1]);
    // What this transaction has added counts too.
    let more = [fixtures.claim(&mut campaigns[1], ada, 0), fixtures.claim(&mut campaigns[1], ada, 1)];
    tx.insert_issued_coupons(&more).await.unwrap();
    assert_eq!(counts(&mut tx, &asked).await, [4, 2, 1, 2, 0]);
    tx.rollback().await.unwrap();
    for (claimant, held) in asked.into_iter().zip([4, 2, 1, 0, 0]) {
        assert_eq!(storage.find_claims(claimant).await.unwrap(), units(held));
    }
    let mut tx = begin(&storage).await;
    tx.lock_campaigns(&all).await.unwrap();
    assert_eq!(counts(&mut tx, &asked).await, [4, 2, 1, 0, 0]);
}

/// Also if the transaction has read before it waited: a count of then would let a user claim twice.
pub(crate) async fn a_count_is_as_of_after_the_lock<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(187);
    let mut campaign = fixtures.campaign_of(100, 10);
    add_campaigns(&storage, from_ref(&campaign)).await;
    let user = fixtures.id();
    let claimant = Claimant { campaign: campaign.id, user };
    let mut tx = begin(&storage).await;
    tx.lock_campaigns(&ids([campaign.id])).await.unwrap();
    let mut waiting = tokio::spawn({
        let (storage, id) = (storage.clone(), campaign.id);
        async move {
            let mut tx = begin(&storage).await;
            tx.find_coupon_terms(&ids([id])).await.unwrap();
            tx.lock_campaigns(&ids([id])).await.unwrap();
            counts(&mut tx, &[claimant]).await
        }
    });
    assert_waits(&mut waiting).await;
    let coupon = fixtures.claim(&mut campaign, user, 0);
    tx.insert_issued_coupons(&[coupon]).await.unwrap();
    tx.save_claimed(from_ref(&campaign.allotment)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outcome(waiting).await, [1]);
}

pub(crate) async fn saving_a_use_changes_use_and_version_only<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(188);
    let user = fixtures.id();
    let mut coupons: Vec<IssuedCoupon> = (0..10).map(|_| fixtures.issued_coupon(user)).collect();
    for coupon in &mut coupons[..4] {
        coupon.used = Some(use_at(&fixtures, fixtures.now()));
    }
    add_coupons(&storage, &coupons).await;
    let all = coupons.iter().map(|coupon| coupon.id).collect();
    // Given back, used by another order, used; everything else about them is new, also what must not be saved.
    let changed: Vec<IssuedCoupon> = (0..)
        .zip(&coupons[..8])
        .map(|(n, coupon)| IssuedCoupon {
            id: coupon.id,
            used: if n < 2 { None } else { Some(use_at(&fixtures, fixtures.in_millis(n))) },
            version: coupon.version + 1 + n,
            sequence: coupon.sequence + 1_000,
            nth: coupon.nth + 1,
            claimed_at: fixtures.in_millis(9),
            valid_from: Some(fixtures.in_millis(10)),
            valid_until: Some(fixtures.in_millis(11)),
            ..fixtures.issued_coupon(fixtures.id())
        })
        .collect();
    commit!(storage, tx => tx.lock_issued_coupons(&all); tx.save_issued_coupons(&changed));
    for (coupon, changed) in coupons.iter_mut().zip(changed) {
        coupon.used = changed.used;
        coupon.version = changed.version;
    }
    assert_kept(&storage, &coupons).await;
}

pub(crate) async fn a_lock_on_a_coupon_waits_and_sees_what_was_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(189);
    let coupon = fixtures.issued_coupon(fixtures.id());
    add_coupons(&storage, from_ref(&coupon)).await;
    let mut tx = begin(&storage).await;
    let mut mine = tx.lock_issued_coupons(&ids([coupon.id])).await.unwrap().remove(&coupon.id).unwrap();
    let mut waiting = tokio::spawn({
        let (storage, id) = (storage.clone(), coupon.id);
        async move {
            let mut tx = begin(&storage).await;
            tx.lock_issued_coupons(&ids([id])).await.unwrap().remove(&id)
        }
    });
    assert_waits(&mut waiting).await;
    mine.used = Some(use_at(&fixtures, fixtures.now()));
    mine.version += 1;
    tx.save_issued_coupons(from_ref(&mine)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outcome(waiting).await, Some(mine));
}

pub(crate) async fn of_orders_that_use_a_coupon_at_once_one_wins<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(190);
    let user = fixtures.id();
    for _ in 0..5 {
        let open = IssuedCoupon { valid_from: None, valid_until: None, ..fixtures.issued_coupon(user) };
        add_coupons(&storage, from_ref(&open)).await;
        let won = at_once(5, |_| {
            let (storage, id, order, now) = (storage.clone(), open.id, fixtures.id(), fixtures.now());
            async move {
                let mut tx = begin(&storage).await;
                let mut coupon = tx.lock_issued_coupons(&ids([id])).await.unwrap().remove(&id).unwrap();
                let won = coupon.use_for(order, user, now).is_ok();
                tx.save_issued_coupons(&[coupon]).await.unwrap();
                tx.commit().await.unwrap();
                won.then_some(order)
            }
        })
        .await;
        let winners: Vec<_> = won.into_iter().flatten().collect();
        let kept = storage.find_issued_coupon(open.id).await.unwrap().unwrap();
        assert_eq!((winners.as_slice(), kept.version), (&[kept.used.unwrap().order][..], open.version + 1));
    }
}

pub(crate) async fn lists_coupons_newest_first_and_each_once_by_their_status_at_the_time<S: Storage>(
    storage: S,
) {
    let fixtures = Fixtures::seeded(191);
    let users: [UserId; 2] = [fixtures.id(), fixtures.id()];
    // Whole seconds and milliseconds, which texts of instants write in different lengths.
    let ends = [-1_000, -1, 0, 1, 1_000].map(|millis| Some(fixtures.in_millis(millis)));
    let ends: Vec<Option<Timestamp>> = ends.into_iter().chain([None]).collect();
    let mut coupons: Vec<IssuedCoupon> = (0..80)
        .map(|n| IssuedCoupon {
            claimed_at: fixtures.in_millis(i64::from(fixtures.below(6)) * 250),
            valid_from: fixtures.one_of(&[
                None,
                Some(fixtures.in_millis(-5_000)),
                Some(fixtures.in_millis(5_000)),
            ]),
            valid_until: ends[n % ends.len()],
            used: if fixtures.below(3) == 0 { Some(use_at(&fixtures, fixtures.now())) } else { None },
            ..fixtures.issued_coupon(fixtures.one_of(&users))
        })
        .collect();
    add_coupons(&storage, &coupons).await;
    coupons = newest_first(coupons);
    let [of_user, others] = users;
    for status in EVERY_STATUS {
        for millis in [-1_001, -1_000, -999, -1, 0, 1, 2, 999, 1_000] {
            let now = fixtures.in_millis(millis);
            let shown = |coupon: &&IssuedCoupon| {
                coupon.user == of_user && status.is_none_or(|status| coupon.status(now) == status)
            };
            let expected: Vec<IssuedCoupon> = coupons.iter().filter(shown).cloned().collect();
            let filter = IssuedCouponFilter { user: of_user, status };
            assert_eq!(list(&storage, filter, now, 4).await, expected, "{status:?} at {millis}");
        }
    }
    let expected: Vec<IssuedCoupon> = coupons.into_iter().filter(|coupon| coupon.user == others).collect();
    for limit in [1, 20, 100] {
        let filter = IssuedCouponFilter { user: others, status: None };
        assert_eq!(list(&storage, filter, fixtures.now(), limit).await, expected, "pages of {limit}");
    }
}

pub(crate) async fn a_page_begins_where_the_last_one_ended_whatever_became_of_the_coupon<S: Storage>(
    storage: S,
) {
    let fixtures = Fixtures::seeded(192);
    let user = fixtures.id();
    let coupons = (0..6).map(|_| IssuedCoupon { valid_until: None, ..fixtures.issued_coupon(user) });
    let coupons = newest_first(coupons);
    add_coupons(&storage, &coupons).await;
    let filter = IssuedCouponFilter { user, status: Some(CouponStatus::Issued) };
    let first = storage.list_issued_coupons(&filter, fixtures.now(), &first_page(3)).await.unwrap();
    assert_eq!(first.items, coupons[..3]);
    let gone =
        IssuedCoupon { used: Some(use_at(&fixtures, fixtures.now())), version: 2, ..coupons[2].clone() };
    commit!(storage, tx => tx.lock_issued_coupons(&ids([gone.id])); tx.save_issued_coupons(from_ref(&gone)));
    let page = PageRequest { after: first.next, ..first_page(10) };
    let second = storage.list_issued_coupons(&filter, fixtures.now(), &page).await.unwrap();
    assert_eq!((second.items.as_slice(), second.next), (&coupons[3..], None));
    let filter = IssuedCouponFilter { user, status: Some(CouponStatus::Used) };
    assert_eq!(list(&storage, filter, fixtures.now(), 5).await, [gone]);
}

/// A set is one set, however large.
pub(crate) async fn a_large_set_is_claimed_counted_used_and_given_back<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(193);
    let mut campaign = fixtures.campaign_of(500, 1);
    add_campaigns(&storage, from_ref(&campaign)).await;
    let coupons: Vec<IssuedCoupon> =
        (0..500).map(|_| fixtures.claim(&mut campaign, fixtures.id(), 0)).collect();
    let mut tx = begin(&storage).await;
    tx.lock_campaigns(&ids([campaign.id])).await.unwrap();
    tx.insert_issued_coupons(&coupons).await.unwrap();
    tx.save_claimed(from_ref(&campaign.allotment)).await.unwrap();
    let claimants: BTreeSet<Claimant> =
        coupons.iter().map(|coupon| Claimant { campaign: campaign.id, user: coupon.user }).collect();
    let counts = tx.count_claims(&claimants).await.unwrap();
    assert_eq!((counts.len(), counts.values().all(|count| *count == units(1))), (500, true));
    tx.commit().await.unwrap();

    let all = coupons.iter().map(|coupon| coupon.id).collect();
    for (order, version) in [(Some(fixtures.id()), 2), (None, 3)] {
        let mut tx = begin(&storage).await;
        let mut locked = tx.lock_issued_coupons(&all).await.unwrap();
        assert_eq!(locked.len(), 500);
        for coupon in locked.values_mut() {
            coupon.used = order.map(|order| CouponUse { order, used_at: fixtures.now() });
            coupon.version = version;
        }
        let changed: Vec<IssuedCoupon> = locked.into_values().collect();
        tx.save_issued_coupons(&changed).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(storage.find_issued_coupon(changed[499].id).await.unwrap().as_ref(), changed.last());
    }
}
