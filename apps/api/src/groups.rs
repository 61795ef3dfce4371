//! What comes in crowds and is worked on together: commands share transactions, questions share reads (ADR-039).

use std::num::NonZeroU32;
use std::thread;

use actix_web::rt::spawn;
use anyhow::Context;
use jangteo_application::{
    ChargePointAccounts, ChargePoints, ChargePointsRefusal, ClaimCoupon, ClaimCoupons, ClaimLookUp,
    ClaimReader, ClaimRecord, ClaimVerdict, Committer, Group, PayOrder, PayOrderRefusal, PayOrders,
    PlaceOrder, PlaceOrderRefusal, PlaceOrders, Sources, StandingReader, Verdict, group_claim_look_ups,
    group_commit, group_standings,
};
use jangteo_shared_kernel::UnitOfWork;
use jangteo_storage_sea_orm::ConnectError;
use jangteo_user::{Session, SessionStanding};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::metrics::ConnectionMeters;
use crate::shop::UseCases;
use crate::storage::Storage;

/// While one set waits for its database or its disk, others can be decided. With two, processors were still idle.
const SIDE_BY_SIDE: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);

type Tx = <Storage as UnitOfWork>::Tx;

/// Whoever asked gets the answer; what was brought about stays with the committer.
type Answered<R> = Verdict<(), R>;

/// Where it is handed in.
#[derive(Debug)]
pub(crate) struct Groups {
    /// Places orders.
    pub(crate) place_order: Group<PlaceOrder, Answered<PlaceOrderRefusal>>,
    /// Pays orders.
    pub(crate) pay_order: Group<PayOrder, Answered<PayOrderRefusal>>,
    /// Charges points.
    pub(crate) charge_points: Group<ChargePoints, Answered<ChargePointsRefusal>>,
    /// Issues coupons.
    pub(crate) claim_coupon: Group<ClaimCoupon, ClaimVerdict>,
    /// Says whether log-ins stand.
    pub(crate) session_standing: Group<Session, Option<SessionStanding>>,
    /// Says what is known about claims.
    pub(crate) claim_look_up: Group<ClaimLookUp, ClaimRecord>,
}

/// Who works on them, not started yet. Dropped, it lets all of them be refused.
#[derive(Debug)]
pub(crate) struct Workers {
    committers: Committers,
    standings: StandingReader,
    claims: ClaimReader,
}

#[derive(Debug)]
struct Committers {
    place_order: Committer<Tx, PlaceOrders, Answered<PlaceOrderRefusal>>,
    pay_order: Committer<Tx, PayOrders, Answered<PayOrderRefusal>>,
    charge_points: Committer<Tx, ChargePointAccounts, Answered<ChargePointsRefusal>>,
    claim_coupon: Committer<Tx, ClaimCoupons, ClaimVerdict>,
}

/// Who works on them, at work.
#[derive(Debug)]
pub(crate) struct Working {
    committers: oneshot::Receiver<()>,
    readers: [JoinHandle<()>; 2],
}

/// Groups for these use cases, and who works at their ends.
pub(crate) fn groups(use_cases: &UseCases, sources: &Sources) -> (Groups, Workers) {
    let (place_order, place_orders) = group_commit(
        "place_order",
        use_cases.place_order.clone(),
        PlaceOrder::subjects,
        Verdict::without_outcome,
        sources,
    );
    let (pay_order, pay_orders) = group_commit(
        "pay_order",
        use_cases.pay_order.clone(),
        PayOrder::subjects,
        Verdict::without_outcome,
        sources,
    );
    let (charge_points, charges) = group_commit(
        "charge_points",
        use_cases.charge_points.clone(),
        ChargePoints::subjects,
        Verdict::without_outcome,
        sources,
    );
    let (claim_coupon, claims) = group_commit(
        "claim_coupon",
        use_cases.claim_coupon.clone(),
        ClaimCoupon::subjects,
        |verdict| verdict,
        sources,
    );
    let (session_standing, standings) = group_standings(sources);
    let (claim_look_up, claim_reader) = group_claim_look_ups(sources);
    (
        Groups { place_order, pay_order, charge_points, claim_coupon, session_standing, claim_look_up },
        Workers {
            committers: Committers {
                place_order: place_orders,
                pay_order: pay_orders,
                charge_points: charges,
                claim_coupon: claims,
            },
            standings,
            claims: claim_reader,
        },
    )
}

impl Groups {
    /// Lets the work end once everything that waits is done.
    pub(crate) async fn close(&self) {
        self.place_order.close().await;
        self.pay_order.close().await;
        self.charge_points.close().await;
        self.claim_coupon.close().await;
        self.session_standing.close().await;
        self.claim_look_up.close().await;
    }
}

impl Workers {
    /// Starts them: the committers on a thread of their own, the rest here.
    pub(crate) async fn start(self, storage: &Storage, meters: &ConnectionMeters) -> anyhow::Result<Working> {
        let Self { committers, standings, claims } = self;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (connected, ready) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let (here, meters) = (storage.clone(), meters.clone());
        let work = move || {
            runtime.block_on(committers.run(&runtime, &here, &meters, connected));
            // Nobody waits if the time to shut down is over.
            let _ = ending.send(());
        };
        thread::Builder::new().name("committers".to_owned()).spawn(work)?;
        ready.await.context("the committers ended as they started")??;
        let readers = [spawn(standings.run(storage.clone())), spawn(claims.run(storage.clone()))];
        Ok(Working { committers: ended, readers })
    }
}

impl Committers {
    /// Lets each work on a connection of its own until all have ended.
    async fn run(
        self,
        runtime: &Runtime,
        storage: &Storage,
        meters: &ConnectionMeters,
        connected: oneshot::Sender<Result<(), ConnectError>>,
    ) {
        // If nobody hears whether they have started, the server does not start.
        match self.spawn(runtime, storage, meters).await {
            Ok(committers) => {
                let _ = connected.send(Ok(()));
                for committer in committers {
                    if let Err(error) = committer.await {
                        tracing::error!(%error, "a committer did not end in order");
                    }
                }
                meters.forget_committers();
            }
            Err(error) => {
                let _ = connected.send(Err(error));
            }
        }
    }

    async fn spawn(
        self,
        runtime: &Runtime,
        storage: &Storage,
        meters: &ConnectionMeters,
    ) -> Result<[JoinHandle<()>; 4], ConnectError> {
        let sets = if storage.writes_side_by_side() { SIDE_BY_SIDE } else { NonZeroU32::MIN };
        let own = async || {
            let own = storage.with_own_writers(sets).await?;
            meters.add_committer(&own);
            Ok::<_, ConnectError>(own)
        };
        Ok([
            runtime.spawn(self.place_order.run(own().await?, sets)),
            runtime.spawn(self.pay_order.run(own().await?, sets)),
            runtime.spawn(self.charge_points.run(own().await?, sets)),
            runtime.spawn(self.claim_coupon.run(own().await?, sets)),
        ])
    }
}

impl Working {
    /// Waits until all have ended. The groups MUST be closed before.
    pub(crate) async fn ended(self) {
        // What panicked has ended as well, and has said so.
        let _ = self.committers.await;
        for reader in self.readers {
            let _ = reader.await;
        }
    }
}
