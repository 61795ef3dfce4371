//! What can be set.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

use jangteo_application::Quota;
use jangteo_point::PointLimits;
use jangteo_redis::{InvalidRedisAddress, RedisAddress};
use jangteo_security::{Argon2idCost, HashingBounds};
use jangteo_shared_kernel::{BusinessZone, Currency};
use jangteo_storage_sea_orm::{EmbeddedDatabase, protection};
use tracing_subscriber::EnvFilter;

use super::allowances::Allowances;
use super::keys::KeySource;
use super::reader::{Reader, quoted};
use super::telemetry::Collector;
use super::transport::{TransportSettings, pem_file, shown_path};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// Every setting, checked.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// `server.bind`: where to listen.
    pub(crate) bind: SocketAddr,
    /// `server.workers`: how many threads answer requests.
    pub(crate) workers: NonZeroUsize,
    /// `server.shutdown_timeout`: how long requests under way get to end.
    pub(crate) shutdown_timeout: Duration,
    /// `server.drain_delay`: how long connections are still taken after that has begun; a part of it.
    pub(crate) drain_delay: Duration,
    /// `server.request_timeout`: how long a request may take.
    pub(crate) request_timeout: Duration,
    /// `server.tls.*`, `server.cors.*` and the other keys of connections.
    pub(crate) transport: TransportSettings,
    /// `data_dir`: where the embedded database and its keys are kept.
    pub(crate) data_dir: PathBuf,
    /// `keys.*`: where the keys are.
    pub(crate) keys: KeySource,
    /// `database.url`: where the data is.
    pub(crate) database_url: String,
    /// `database.replica_urls`: servers that follow it and may answer what may be late.
    pub(crate) replica_urls: Vec<String>,
    /// `database.acquire_timeout`: how long a request waits for a connection.
    pub(crate) database_acquire_timeout: Duration,
    /// `redis.url`: where the instances of the shop share what they may lose; `None` is nowhere.
    pub(crate) redis: Option<RedisAddress>,
    /// `redis.ca`: the file of the authorities that alone are trusted there; `None` are those of the machine.
    pub(crate) redis_authorities: Option<PathBuf>,
    /// `orders.unpaid_expiry`: how long an order waits for its payment.
    pub(crate) unpaid_expiry: Duration,
    /// `business.zone`: whose days, weeks and months count.
    pub(crate) zone: BusinessZone,
    /// `business.currency`: what prices and points are in.
    pub(crate) currency: Currency,
    /// `points.*`: what a point account may take.
    pub(crate) points: PointLimits,
    /// `sessions.access_lifetime`: how long an access token holds.
    pub(crate) access_lifetime: Duration,
    /// `sessions.refresh_lifetime`: how long a refresh token can be exchanged.
    pub(crate) refresh_lifetime: Duration,
    /// `sessions.max_lifetime`: how long a log-in lasts, however often it is refreshed.
    pub(crate) max_lifetime: Duration,
    /// `passwords.memory_kib`, `.iterations`, `.parallelism`: what a password hash costs.
    pub(crate) password_cost: Argon2idCost,
    /// `passwords.concurrency`, `.queue`: how many are computed at once, and how many may wait for it.
    pub(crate) password_bounds: HashingBounds,
    /// `jobs.enabled`: whether this instance runs background jobs.
    pub(crate) jobs: bool,
    /// `rate_limit.enabled`: whether requests are limited and log-ins throttled.
    pub(crate) rate_limit: bool,
    /// `rate_limit.reads` and so on: how many requests a client may make.
    pub(crate) allowances: Allowances,
    /// `rate_limit.login_*`: how often log-ins to one account may fail.
    pub(crate) account_failures: Quota,
    /// `rate_limit.login_*`: how often log-ins from one address may fail.
    pub(crate) address_failures: Quota,
    /// `log.format`: for people or for machines.
    pub(crate) log_format: LogFormat,
    /// `log.filter`: what is logged.
    pub(crate) log_filter: String,
    /// `telemetry.otlp.*`: where traces are sent; `None` is nowhere.
    pub(crate) collector: Option<Collector>,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// A readable line an event.
    Pretty,
    /// A JSON object an event.
    Json,
}

impl LogFormat {
    const fn name(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Json => "json",
        }
    }
}

impl Settings {
    pub(super) fn read(from: &mut Reader) -> Self {
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let data_dir = PathBuf::from(from.text("data_dir"));
        let database_url = database_url(from, &data_dir);
        let keys = KeySource::read(from, &data_dir, engine(&database_url) == Some("sqlite"));
        let [account_failures, address_failures] = log_in_failures(from);
        let settings = Self {
            bind: from.parsed("server.bind", ANYWHERE, socket_address, |bind| quoted(&bind.to_string())),
            workers: count(from, "server.workers", 512, cores),
            shutdown_timeout: from.span("server.shutdown_timeout", SECOND, Duration::from_mins(10)),
            drain_delay: from.span("server.drain_delay", Duration::ZERO, Duration::from_mins(10)),
            request_timeout: from.span(
                "server.request_timeout",
                Duration::from_millis(100),
                Duration::from_mins(10),
            ),
            transport: TransportSettings::read(from),
            keys,
            database_url,
            replica_urls: from.read("database.replica_urls", Vec::new, replica_urls, |urls| {
                let shown: Vec<_> = urls.iter().map(|url| masked(url)).collect();
                quoted(&shown.join(","))
            }),
            database_acquire_timeout: from.span(
                "database.acquire_timeout",
                Duration::from_millis(100),
                Duration::from_mins(10),
            ),
            data_dir,
            redis: from.read("redis.url", || None, redis_address, |redis| shown_address(redis.as_ref())),
            redis_authorities: from.parsed("redis.ca", None, pem_file, |file| shown_path(file.as_deref())),
            unpaid_expiry: from.span("orders.unpaid_expiry", SECOND, 366 * DAY),
            zone: from.parsed("business.zone", BusinessZone::SEOUL, read_as, |zone| quoted(zone.name())),
            currency: from
                .parsed("business.currency", Currency::KRW, read_as, |currency| quoted(currency.code())),
            points: PointLimits {
                min_charge: from.number("points.min_charge", 1, MOST_POINTS),
                max_charge: from.number("points.max_charge", 1, MOST_POINTS),
                max_balance: from.number("points.max_balance", 1, MOST_POINTS),
            },
            access_lifetime: from.span("sessions.access_lifetime", SECOND, DAY),
            refresh_lifetime: from.span("sessions.refresh_lifetime", SECOND, 366 * DAY),
            max_lifetime: from.span("sessions.max_lifetime", SECOND, 3_660 * DAY),
            password_cost: password_cost(from),
            password_bounds: password_bounds(from, cores),
            jobs: from.switch("jobs.enabled"),
            rate_limit: from.switch("rate_limit.enabled"),
            allowances: Allowances::read(from),
            account_failures,
            address_failures,
            log_format: from
                .parsed("log.format", LogFormat::Pretty, log_format, |format| quoted(format.name())),
            log_filter: from.parsed("log.filter", "info".to_owned(), log_filter, quoted),
            collector: Collector::read(from),
        };
        if settings.drain_delay >= settings.shutdown_timeout {
            from.refuse("server.drain_delay", "must be shorter than server.shutdown_timeout".to_owned());
        }
        if settings.max_lifetime < settings.refresh_lifetime {
            let problem = "must not be shorter than sessions.refresh_lifetime".to_owned();
            from.refuse("sessions.max_lifetime", problem);
        }
        let primary = engine(&settings.database_url);
        let replicas = || settings.replica_urls.iter().map(|url| engine(url));
        if primary == Some("sqlite") && !settings.replica_urls.is_empty() {
            from.refuse("database.replica_urls", "an embedded database has no replicas".to_owned());
        } else if replicas().any(|engine| engine != primary) {
            let problem = "must be of the same engine as database.url".to_owned();
            from.refuse("database.replica_urls", problem);
        }
        let encrypted = settings.redis.as_ref().is_some_and(RedisAddress::is_encrypted);
        if settings.redis_authorities.is_some() && !encrypted {
            from.refuse("redis.ca", "nobody asks for it unless redis.url is rediss://…".to_owned());
        }
        let points = &settings.points;
        if points.min_charge > points.max_charge {
            from.refuse(
                "points.min_charge",
                format!("must not exceed points.max_charge, {}", points.max_charge),
            );
        }
        settings
    }
}

const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The largest amount of points that any setting may name, far from where sums stop to fit.
const MOST_POINTS: i64 = 1_000_000_000_000_000;

fn read_as<T: std::str::FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| format!("{}; not {text:?}", error.to_string()))
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("must be an address and a port, such as 127.0.0.1:8080, not {text:?}"))
}

fn count(from: &mut Reader, key: &'static str, most: i64, stand_in: NonZeroUsize) -> NonZeroUsize {
    let number = from.number_or(key, 1, most, i64::try_from(stand_in.get()).unwrap_or(1).min(most));
    usize::try_from(number).ok().and_then(NonZeroUsize::new).unwrap_or(stand_in)
}

/// The quotas of an account and of an address.
fn log_in_failures(from: &mut Reader) -> [Quota; 2] {
    const LONGEST: Duration = Duration::from_hours(1);
    let free = ["rate_limit.login_failures_per_account", "rate_limit.login_failures_per_address"]
        .map(|key| u32::try_from(from.number(key, 1, 1_000_000)).ok().and_then(NonZeroU32::new));
    let window = from.span("rate_limit.login_window", SECOND, DAY);
    let first_pause = from.span("rate_limit.login_first_pause", SECOND, LONGEST);
    let longest_pause = from.span("rate_limit.login_longest_pause", SECOND, LONGEST);
    if first_pause > longest_pause {
        from.refuse(
            "rate_limit.login_first_pause",
            "must not exceed rate_limit.login_longest_pause".to_owned(),
        );
    }
    free.map(|free| Quota { free: free.unwrap_or(NonZeroU32::MIN), window, first_pause, longest_pause })
}

fn password_cost(from: &mut Reader) -> Argon2idCost {
    let mut number = |key, least, most| u32::try_from(from.number(key, least, most)).unwrap_or(u32::MAX);
    let cost = Argon2idCost {
        memory_kib: number("passwords.memory_kib", 8, 4_194_304),
        iterations: number("passwords.iterations", 1, 1_000),
        parallelism: number("passwords.parallelism", 1, 255),
    };
    if cost.memory_kib < 8 * cost.parallelism {
        from.refuse(
            "passwords.memory_kib",
            format!("must be at least 8 KiB a lane: {}", 8 * cost.parallelism),
        );
    }
    cost
}

/// Half of the cores, so that log-ins leave the other half to orders, and as many waiting as are computed in some
/// seconds.
fn password_bounds(from: &mut Reader, cores: NonZeroUsize) -> HashingBounds {
    let half = NonZeroUsize::new(cores.get() / 2).unwrap_or(NonZeroUsize::MIN);
    let at_once = count(from, "passwords.concurrency", 1024, half);
    let waiting = i64::try_from(at_once.get().saturating_mul(256)).unwrap_or(i64::MAX);
    let waiting = from.number_or("passwords.queue", 0, 1_000_000, waiting);
    HashingBounds { at_once, waiting: usize::try_from(waiting).unwrap_or(usize::MAX) }
}

fn database_url(from: &mut Reader, data_dir: &Path) -> String {
    let embedded = || EmbeddedDatabase::url_of(&data_dir.join("jangteo.sqlite"));
    let parse = |text: &str| match engine(text) {
        Some(_) => usable(text),
        // The value may hold a password, so it is not repeated.
        None => Err(
            "must be a URL such as sqlite://data/jangteo.sqlite, postgres://user:password@host/database or \
                  mysql://user:password@host/database"
                .to_owned(),
        ),
    };
    from.read("database.url", embedded, parse, |url| quoted(&masked(url)))
}

/// An empty text is no replica. A comma in a password is written as `%2C`.
fn replica_urls(text: &str) -> Result<Vec<String>, String> {
    let urls = text.split(',').map(str::trim).filter(|_| !text.is_empty());
    let urls = urls.map(|url| match engine(url) {
        Some(_) => usable(url),
        None => Err("must be URLs such as postgres://user:password@host/database, with commas between them"
            .to_owned()),
    });
    urls.collect()
}

/// The URL of a database, if the driver would do what it says.
fn usable(url: &str) -> Result<String, String> {
    protection(url).map(|_| url.to_owned()).map_err(|error| error.to_string())
}

/// The engine that a URL of a database names.
pub(super) fn engine(url: &str) -> Option<&'static str> {
    match url.split_once("://")? {
        (_, "") => None,
        ("sqlite", _) => Some("sqlite"),
        ("postgres" | "postgresql", _) => Some("postgres"),
        ("mysql" | "mariadb", _) => Some("mysql"),
        _ => None,
    }
}

/// An empty text is no Redis, as `jangteo config` shows it.
fn redis_address(text: &str) -> Result<Option<RedisAddress>, String> {
    if text.is_empty() {
        Ok(None)
    } else {
        text.parse().map(Some).map_err(|error: InvalidRedisAddress| error.to_string())
    }
}

fn shown_address(address: Option<&RedisAddress>) -> String {
    quoted(&address.map(ToString::to_string).unwrap_or_default())
}

/// The URL with asterisks for what stands between `//` and `@`, and for a query that has a password or a key in it.
fn masked(url: &str) -> String {
    let shown = match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)))
    {
        Some((scheme, (_, place))) => format!("{scheme}://***@{place}"),
        None => url.to_owned(),
    };
    match shown.split_once('?') {
        Some((place, query)) if query.contains("password") || query.contains("PRIVATE") => {
            format!("{place}?***")
        }
        _ => shown,
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("must be pretty or json, not {other:?}")),
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("must be a level or directives such as info,jangteo_api=debug: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        assert_eq!(masked("mysql://shop:p@ss@db/jangteo"), "mysql://***@db/jangteo");
        assert_eq!(masked("postgres://db/jangteo?user=shop&password=p"), "postgres://db/jangteo?***");
        let key = "mysql://db/jangteo?ssl-key=-----BEGIN%20PRIVATE%20KEY-----";
        assert_eq!(masked(key), "mysql://db/jangteo?***");
        assert_eq!(masked("postgres://db/jangteo?host=/run"), "postgres://db/jangteo?host=/run");
        assert_eq!(masked("sqlite://data/jangteo.sqlite"), "sqlite://data/jangteo.sqlite");
    }
}
