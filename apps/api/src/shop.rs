//! The shop: its storage, its use cases and its ports, wired once.

use std::fmt;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::TimeDelta;
use jangteo_application::{
    CancelOrders, CancelPayments, ChargePointAccounts, ClaimCoupons, DeleteAccounts, EditProfiles,
    GatedClaims, PayOrders, PlaceOrders, RefundPayments, RegisterUsers, SessionPolicy, Sessions, SetUseCase,
    Sources, submit,
};
use jangteo_redis::{Redis, RedisAddress, RedisAnswers};
use jangteo_security::{Argon2idHasher, CursorSeal, Hs256Tokens, Sha256Secrets, SystemClock, SystemEntropy};
use jangteo_shared_kernel::{BusinessZone, UnitOfWork};
use jangteo_storage_sea_orm::WrittenProductsHook;
use jangteo_tls::read_authorities;
use jangteo_user::AccessTokens;

use crate::administration::Administration;
use crate::body;
use crate::call::{ForAdministrators, Terms};
use crate::config::Settings;
use crate::door_names::DoorNames;
use crate::gate::Gate;
use crate::groups::{Groups, Workers, groups};
use crate::kept::{Kept, SecondLevel, Writes};
use crate::keys::{self, LiveRing};
use crate::metrics::ShopMeters;
use crate::problem::Problem;
use crate::rate_limits::RateLimits;
use crate::security_events::DoorWatch;
use crate::storage::{self, Storage};
use crate::throttle::{ShopCounters, Throttle};

/// Everything that a request needs.
pub(crate) struct Shop {
    /// Where the data is.
    pub(crate) storage: Storage,
    /// What the instances of the shop share, if they share something.
    pub(crate) redis: Option<Redis>,
    /// Leads claims through a gate.
    pub(crate) claims: GatedClaims<Gate>,
    /// Time and chance.
    pub(crate) sources: Sources,
    /// What is counted, besides what the use cases count.
    pub(crate) meters: ShopMeters,
    /// What bodies are read under.
    pub(crate) terms: Terms,
    /// Whose days, weeks and months count.
    pub(crate) zone: BusinessZone,
    /// Finished answers to what is asked often.
    pub(crate) kept: Kept<SecondLevel>,
    /// Limits requests, unless that is switched off.
    pub(crate) rate_limits: Option<RateLimits>,
    /// Throttles log-ins, unless that is switched off.
    pub(crate) throttle: Option<Throttle>,
    /// Tells the log who comes to the door.
    pub(crate) door_watch: DoorWatch,
    /// Verifies access tokens.
    pub(crate) access_tokens: Arc<dyn AccessTokens>,
    /// Hashes passwords.
    pub(crate) passwords: Arc<Argon2idHasher>,
    /// The keys of personal data, which may change while the shop is open.
    pub(crate) ring: LiveRing,
    /// Seals the positions of lists.
    pub(crate) cursors: CursorSeal,
    /// Starts, continues and ends log-ins.
    pub(crate) sessions: Sessions<Argon2idHasher>,
    /// Where commands go that share transactions, and questions that share reads.
    pub(crate) groups: Groups,
    /// The use cases.
    pub(crate) use_cases: UseCases,
    /// Those of administrators.
    pub(crate) administration: ForAdministrators<Administration>,
}

/// The use cases of customers, by what they do.
#[derive(Debug)]
pub(crate) struct UseCases {
    /// Makes accounts.
    pub(crate) register: RegisterUsers,
    /// Edits profiles.
    pub(crate) edit_profile: EditProfiles,
    /// Deletes accounts.
    pub(crate) delete_account: DeleteAccounts,
    /// Charges points.
    pub(crate) charge_points: ChargePointAccounts,
    /// Issues coupons.
    pub(crate) claim_coupon: ClaimCoupons,
    /// Places orders.
    pub(crate) place_order: PlaceOrders,
    /// Cancels orders.
    pub(crate) cancel_order: CancelOrders,
    /// Pays orders.
    pub(crate) pay_order: PayOrders,
    /// Cancels payments.
    pub(crate) cancel_payment: CancelPayments,
    /// Refunds payments.
    pub(crate) refund_payment: RefundPayments,
}

impl Shop {
    /// Opens the shop: reads or makes the keys and connects to the storage, whose schema has to be up to date. Redis need
    /// not be there. What goes to its groups is decided once its workers are started.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<(Self, Workers)> {
        let entropy = Arc::new(SystemEntropy);
        let keys = keys::load(&settings.keys)?;
        let ring = LiveRing::new(&settings.keys, &keys);
        let sources = Sources::new(Arc::new(SystemClock), entropy.clone());
        let writes = Arc::new(Writes::new());
        let storage =
            storage::open(settings, Arc::clone(&ring.cipher), Some(noting(&writes, &sources))).await?;
        let address = redis_address(settings)?;
        let redis = address.as_ref().map(Redis::open).transpose()?;
        let second = match (address, &redis) {
            (Some(address), Some(redis)) => {
                SecondLevel::Redis(RedisAnswers::new(redis.clone(), address, &sources))
            }
            _ => SecondLevel::Nobody,
        };
        let rate_limits = RateLimits::new(settings, redis.as_ref(), &sources, &keys.fields);
        let counters = ShopCounters::new(redis.clone(), sources.clone());
        let meters = ShopMeters::new(storage.clone(), redis.clone());
        let gate = Gate::new(storage.clone(), redis.clone(), sources.clone(), meters.gate.clone());
        let hasher = Argon2idHasher::new(settings.password_cost, settings.password_bounds, entropy)?;
        let passwords = Arc::new(hasher);
        let access_tokens: Arc<dyn AccessTokens> = Arc::new(Hs256Tokens::new(&keys.token));
        let sessions = Sessions {
            sources: sources.clone(),
            policy: SessionPolicy {
                access_lifetime: TimeDelta::from_std(settings.access_lifetime)?,
                refresh_lifetime: TimeDelta::from_std(settings.refresh_lifetime)?,
                max_lifetime: TimeDelta::from_std(settings.max_lifetime)?,
            },
            passwords: Arc::clone(&passwords),
            access_tokens: Arc::clone(&access_tokens),
            secrets: Arc::new(Sha256Secrets),
        };
        let use_cases = UseCases::new(settings, &sources)?;
        let (groups, workers) = groups(&use_cases, &sources);
        let shop = Self {
            storage,
            redis,
            claims: GatedClaims::new(gate, sources.clone()),
            terms: Terms { currency: settings.currency },
            zone: settings.zone,
            kept: Kept::new(sources.clone(), writes, second, meters.kept.clone()),
            rate_limits,
            throttle: Throttle::new(settings, counters, &keys.fields),
            door_watch: DoorWatch::new(DoorNames::new(&keys.fields, &settings.transport.trusted_proxies)),
            access_tokens,
            passwords,
            ring,
            cursors: CursorSeal::new(&keys.cursor),
            sessions,
            groups,
            use_cases,
            administration: ForAdministrators::new(Administration::new(settings, &sources)),
            sources,
            meters,
        };
        Ok((shop, workers))
    }

    /// Decides one command in a transaction of its own.
    pub(crate) async fn submit<C>(&self, use_case: &C, command: C::Command) -> Result<C::Verdict, Problem>
    where
        C: SetUseCase<<Storage as UnitOfWork>::Tx>,
    {
        Ok(submit(&self.storage, use_case, &self.sources, command).await?)
    }
}

/// Where Redis is, and whose certificates count there.
fn redis_address(settings: &Settings) -> anyhow::Result<Option<RedisAddress>> {
    match (&settings.redis, &settings.redis_authorities) {
        (Some(address), Some(file)) => {
            let authorities = read_authorities(file).context("redis.ca")?;
            Ok(Some(address.clone().trusting(authorities).context("redis.ca")?))
        }
        (address, _) => Ok(address.clone()),
    }
}

/// Notes what the storage has written, for the answers that show it.
fn noting(writes: &Arc<Writes>, sources: &Sources) -> WrittenProductsHook {
    let (writes, sources) = (Arc::clone(writes), sources.clone());
    Arc::new(move |written| writes.note(written, sources.now()))
}

impl UseCases {
    /// The use cases with these sources.
    pub(crate) fn new(settings: &Settings, sources: &Sources) -> anyhow::Result<Self> {
        let (currency, limits) = (settings.currency, settings.points);
        let unpaid_expiry = TimeDelta::from_std(settings.unpaid_expiry)?;
        let sources = || sources.clone();
        Ok(Self {
            register: RegisterUsers { sources: sources(), currency },
            edit_profile: EditProfiles,
            delete_account: DeleteAccounts { sources: sources() },
            charge_points: ChargePointAccounts { sources: sources(), limits, render: body::point::entered },
            claim_coupon: ClaimCoupons { sources: sources(), render: body::coupon::claimed },
            place_order: PlaceOrders {
                sources: sources(),
                currency,
                unpaid_expiry,
                render: body::order::placed,
            },
            cancel_order: CancelOrders { sources: sources() },
            pay_order: PayOrders { sources: sources(), render: body::payment::paid },
            cancel_payment: CancelPayments { sources: sources(), render: body::payment::cancelled },
            refund_payment: RefundPayments { sources: sources(), render: body::refund::refunded },
        })
    }
}

impl fmt::Debug for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shop").field("terms", &self.terms).finish_non_exhaustive()
    }
}
