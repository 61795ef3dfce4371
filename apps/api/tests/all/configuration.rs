//! Where settings come from, and what is refused.

use std::fs;
use std::process::Output;

use crate::support::run;
use crate::support::server::run_in;

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn later_layers_win_and_every_value_tells_where_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder =
        |variables: &[(&str, &str)], arguments: &[&str]| run_in(folder.path(), variables, arguments, "");
    fs::write(
        folder.path().join("jangteo.toml"),
        "[orders]\nunpaid_expiry = \"10m\"\n[sessions]\naccess_lifetime = \"5m\"\n[log]\nformat = \"json\"\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("jangteo.local.toml"),
        "[sessions]\naccess_lifetime = \"6m\"\n[log]\nformat = \"pretty\"\n",
    )
    .unwrap();

    let shown = out(&in_folder(&[("JANGTEO__LOG__FORMAT", "json")], &["config", "--profile", "local"]));
    for line in [
        "business.currency = \"KRW\"  # from default",
        "orders.unpaid_expiry = \"10m\"  # from file jangteo.toml",
        "sessions.access_lifetime = \"6m\"  # from file jangteo.local.toml",
        "log.format = \"json\"  # from environment JANGTEO__LOG__FORMAT",
        "rate_limit.enabled = false  # from environment JANGTEO__RATE_LIMIT__ENABLED",
    ] {
        assert!(shown.contains(line), "{line} is missing in\n{shown}");
    }
    let shown = out(&in_folder(&[("JANGTEO_PROFILE", "local")], &["config"]));
    assert!(shown.contains("access_lifetime = \"6m\""), "{shown}");
    let shown = out(&in_folder(&[], &["config"]));
    assert!(shown.contains("access_lifetime = \"5m\""), "{shown}");

    fs::write(folder.path().join("other.toml"), "data_dir = \"elsewhere\"\n").unwrap();
    let shown = out(&in_folder(&[], &["--config", "other.toml", "config"]));
    assert!(shown.contains("data_dir = \"elsewhere\"  # from file other.toml"), "{shown}");
    assert!(
        shown.contains("database.url = \"sqlite://elsewhere/jangteo.sqlite\"  # from default"),
        "{shown}"
    );
    assert!(shown.contains("unpaid_expiry = \"30m\"  # from default"), "{shown}");
}

#[test]
fn a_value_may_be_kept_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("url"), "sqlite://user:secret@from-a-file.sqlite\n").unwrap();
    let shown = run_in(folder.path(), &[("JANGTEO__DATABASE__URL_FILE", "url")], &["config"], "");
    let line =
        "database.url = \"sqlite://***@from-a-file.sqlite\"  # from environment JANGTEO__DATABASE__URL_FILE";
    assert!(out(&shown).contains(line), "{}", out(&shown));
    assert!(!out(&shown).contains("secret"));
    let missing = run(&[("JANGTEO__DATABASE__URL_FILE", "nowhere")], &["config"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(err(&missing).contains("JANGTEO__DATABASE__URL_FILE"), "{}", err(&missing));
    let both = [("JANGTEO__DATABASE__URL_FILE", "url"), ("JANGTEO__DATABASE__URL", "sqlite://x")];
    let twice = run_in(folder.path(), &both, &["config"], "");
    assert_eq!(twice.status.code(), Some(2));
    assert!(err(&twice).contains("database.url is set twice"), "{}", err(&twice));
}

#[test]
fn redis_is_one_server_or_a_cluster_or_none() {
    for (url, shown) in [
        ("", ""),
        ("redis://:secret@cache:6380/1", "redis://***@cache:6380/1"),
        ("redis+cluster://shop:secret@a:7000,b:7000", "redis+cluster://***@a:7000,b:7000"),
        ("rediss://:secret@cache:6380/1", "rediss://***@cache:6380/1"),
        ("rediss+cluster://shop:secret@a:7000,b:7000", "rediss+cluster://***@a:7000,b:7000"),
    ] {
        let config = out(&run(&[("JANGTEO__REDIS__URL", url)], &["config"]));
        let line = format!("redis.url = \"{shown}\"  # from environment JANGTEO__REDIS__URL");
        assert!(config.contains(&line), "{line} is missing in\n{config}");
    }
    assert!(out(&run(&[], &["config"])).contains("redis.url = \"\"  # from default"));
}

#[test]
fn replicas_are_urls_of_the_engine_of_the_primary() {
    let config = |url: &str, replicas: &str| {
        run(&[("JANGTEO__DATABASE__URL", url), ("JANGTEO__DATABASE__REPLICA_URLS", replicas)], &["config"])
    };
    for (url, replicas, shown) in [
        ("sqlite://x", "", ""),
        ("mysql://db/shop", "mariadb://shop:hidden@one/shop", "mariadb://***@one/shop"),
        (
            "postgres://shop:hidden@db/shop",
            "postgres://shop:hidden@one/shop, postgresql://two/shop?password=hidden",
            "postgres://***@one/shop,postgresql://two/shop?***",
        ),
    ] {
        let config = out(&config(url, replicas));
        let line = format!("database.replica_urls = \"{shown}\"");
        assert!(config.contains(&line), "{line} is missing in\n{config}");
        assert!(!config.contains("hidden"), "{config}");
    }
    for (url, replicas) in [
        ("sqlite://x", "sqlite://y"),
        ("sqlite://x", "postgres://shop:hidden@one/shop"),
        ("postgres://db/shop", "mysql://shop:hidden@one/shop"),
        ("mysql://db/shop", "mysql://one/shop,postgres://shop:hidden@two/shop"),
        ("postgres://db/shop", "postgres://shop:hidden@one/shop,"),
        ("postgres://db/shop", "hidden"),
    ] {
        let refused = config(url, replicas);
        assert_eq!(refused.status.code(), Some(2), "{replicas}: {}", out(&refused));
        assert!(err(&refused).contains("database.replica_urls (from environment"), "{}", err(&refused));
        assert!(!err(&refused).contains("hidden"), "{}", err(&refused));
    }
}

#[test]
fn servers_elsewhere_are_warned_of_unless_they_are_verified() {
    const URL: &str = "JANGTEO__DATABASE__URL";
    const REPLICAS: &str = "JANGTEO__DATABASE__REPLICA_URLS";
    const REDIS: &str = "JANGTEO__REDIS__URL";
    const READABLE: &str = "whoever is on the way can read";
    const UNVERIFIED: &str = "nobody makes sure";
    let warned = |set: &[(&str, &str)]| {
        let shown = run(set, &["config"]);
        assert_eq!(shown.status.code(), Some(0), "{}", err(&shown));
        assert!(!err(&shown).contains("hidden"), "{}", err(&shown));
        err(&shown)
    };
    for set in [
        &[][..],
        &[(URL, "postgres://shop:hidden@127.0.0.1/shop"), (REDIS, "redis://:hidden@localhost")],
        &[(URL, "mysql://shop:hidden@localhost/shop?ssl-mode=DISABLED")],
        &[(URL, "postgres://shop:hidden@db/shop"), (REPLICAS, "postgres://shop:hidden@one/shop")],
        &[(URL, "postgres://shop:hidden@db/shop?sslmode=verify-full"), (REDIS, "rediss://:hidden@cache")],
    ] {
        assert!(!warned(set).contains("another machine"), "{set:?}: {}", warned(set));
    }
    for (set, key, problem, remedy) in [
        (
            &[(URL, "postgres://shop:hidden@db/shop?sslmode=disable")][..],
            "database.url",
            READABLE,
            "verify-full",
        ),
        (&[(URL, "postgres://shop:hidden@db/shop?sslmode=prefer")], "database.url", READABLE, "verify-full"),
        (
            &[(URL, "mysql://shop:hidden@db/shop?ssl-mode=REQUIRED")],
            "database.url",
            UNVERIFIED,
            "VERIFY_IDENTITY",
        ),
        (
            &[
                (URL, "postgres://localhost/shop"),
                (
                    REPLICAS,
                    "postgres://one/shop?sslmode=require,postgres://shop:hidden@two/shop?sslmode=disable",
                ),
            ],
            "database.replica_urls",
            READABLE,
            "verify-full",
        ),
        (&[(REDIS, "redis://:hidden@cache")], "redis.url", READABLE, "rediss://"),
    ] {
        let told = warned(set);
        let lines: Vec<_> = told.lines().filter(|line| line.contains("another machine")).collect();
        let [line] = lines[..] else { panic!("{set:?}: {told}") };
        assert!(line.starts_with(&format!("warning: {key} ")), "{line}");
        assert!(line.contains(problem) && line.ends_with(remedy), "{line}");
    }
}

#[test]
fn unknown_keys_are_refused_by_name() {
    for (name, key) in [
        ("JANGTEO__REDIS__URLS", "redis.urls"),
        ("JANGTEO__SERVER__BINDD", "server.bindd"),
        ("JANGTEO__SERVER", "server"),
        ("JANGTEO__NONSENSE", "nonsense"),
        ("JANGTEO__SERVER__BIND__MORE", "server.bind.more"),
    ] {
        let refused = run(&[(name, "x")], &["config"]);
        assert_eq!(refused.status.code(), Some(2), "{name}");
        assert!(
            err(&refused).contains(&format!("unknown configuration key {key}"))
                || err(&refused).contains("server"),
            "{}",
            err(&refused)
        );
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("jangteo.toml"), "[redis]\nurls = \"redis://x\"\n").unwrap();
    let refused = run_in(folder.path(), &[], &["serve"], "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        err(&refused).contains("unknown configuration key redis.urls (from jangteo.toml)"),
        "{}",
        err(&refused)
    );
}

#[test]
fn bad_values_are_refused_by_name() {
    for (name, value, key) in [
        ("JANGTEO__SERVER__BIND", "localhost", "server.bind"),
        ("JANGTEO__SERVER__SHUTDOWN_TIMEOUT", "30", "server.shutdown_timeout"),
        ("JANGTEO__SERVER__REQUEST_TIMEOUT", "0s", "server.request_timeout"),
        ("JANGTEO__DATABASE__ACQUIRE_TIMEOUT", "0s", "database.acquire_timeout"),
        ("JANGTEO__SERVER__WORKERS", "0", "server.workers"),
        ("JANGTEO__SERVER__WORKERS", "513", "server.workers"),
        ("JANGTEO__SERVER__MAX_CONNECTIONS", "0", "server.max_connections"),
        ("JANGTEO__SERVER__HEAD_TIMEOUT", "0s", "server.head_timeout"),
        ("JANGTEO__SERVER__WRITE_TIMEOUT", "1d", "server.write_timeout"),
        ("JANGTEO__SERVER__KEEP_ALIVE", "75", "server.keep_alive"),
        ("JANGTEO__SERVER__TRUSTED_PROXIES", "10.0.0.0/33", "server.trusted_proxies"),
        ("JANGTEO__SERVER__TRUSTED_PROXIES", "proxy.example.com", "server.trusted_proxies"),
        ("JANGTEO__SERVER__TRUSTED_PROXIES", "10.0.0.1,", "server.trusted_proxies"),
        ("JANGTEO__SERVER__TLS__HSTS_MAX_AGE", "forever", "server.tls.hsts_max_age"),
        ("JANGTEO__DATABASE__URL", "oracle://shop:hidden@db/jangteo", "database.url"),
        ("JANGTEO__DATABASE__URL", "nonsense", "database.url"),
        ("JANGTEO__DATABASE__URL", "postgres://shop:hidden@db/jangteo?sslmode=allow", "database.url"),
        ("JANGTEO__DATABASE__URL", "mysql://shop:hidden@db/jangteo?ssl_mode=REQUIRED", "database.url"),
        ("JANGTEO__DATABASE__URL", "mysql://shop:hidden@db:x/jangteo", "database.url"),
        ("JANGTEO__REDIS__URL", "rediss://:hidden@cache/#insecure", "redis.url"),
        ("JANGTEO__REDIS__CA", "ca.pem", "redis.ca"),
        ("JANGTEO__REDIS__CA", "-----BEGIN CERTIFICATE-----", "redis.ca"),
        ("JANGTEO__REDIS__URL", "cache:6379", "redis.url"),
        ("JANGTEO__ORDERS__UNPAID_EXPIRY", "-5m", "orders.unpaid_expiry"),
        ("JANGTEO__BUSINESS__ZONE", "Asia/Atlantis", "business.zone"),
        ("JANGTEO__BUSINESS__CURRENCY", "won", "business.currency"),
        ("JANGTEO__POINTS__MIN_CHARGE", "99999999999", "points.min_charge"),
        ("JANGTEO__POINTS__MAX_BALANCE", "lots", "points.max_balance"),
        ("JANGTEO__SESSIONS__ACCESS_LIFETIME", "2d", "sessions.access_lifetime"),
        ("JANGTEO__SESSIONS__REFRESH_LIFETIME", "", "sessions.refresh_lifetime"),
        ("JANGTEO__SESSIONS__MAX_LIFETIME", "29d", "sessions.max_lifetime"),
        ("JANGTEO__PASSWORDS__PARALLELISM", "16", "passwords.memory_kib"),
        ("JANGTEO__PASSWORDS__CONCURRENCY", "0", "passwords.concurrency"),
        ("JANGTEO__PASSWORDS__QUEUE", "-1", "passwords.queue"),
        ("JANGTEO__JOBS__ENABLED", "yes", "jobs.enabled"),
        ("JANGTEO__RATE_LIMIT__ENABLED", "1", "rate_limit.enabled"),
        ("JANGTEO__RATE_LIMIT__READS", "600", "rate_limit.reads"),
        ("JANGTEO__RATE_LIMIT__WRITES", "0/1m", "rate_limit.writes"),
        ("JANGTEO__RATE_LIMIT__CREDENTIALS", "10/500ms", "rate_limit.credentials"),
        ("JANGTEO__RATE_LIMIT__REPORTS", "10/2d", "rate_limit.reports"),
        ("JANGTEO__RATE_LIMIT__LOGIN_FAILURES_PER_ACCOUNT", "0", "rate_limit.login_failures_per_account"),
        ("JANGTEO__RATE_LIMIT__LOGIN_FIRST_PAUSE", "6m", "rate_limit.login_first_pause"),
        ("JANGTEO__LOG__FORMAT", "xml", "log.format"),
        ("JANGTEO__LOG__FILTER", "info,=,", "log.filter"),
        ("JANGTEO__TELEMETRY__OTLP__ENDPOINT", "http://me:hidden@otel/", "telemetry.otlp.endpoint"),
        ("JANGTEO__TELEMETRY__OTLP__ONE_IN", "0", "telemetry.otlp.one_in"),
        ("JANGTEO__DATA_DIR", "", "data_dir"),
    ] {
        let refused = run(&[(name, value)], &["config"]);
        assert_eq!(refused.status.code(), Some(2), "{name}={value}: {}", out(&refused));
        assert!(err(&refused).contains(key), "{name}={value}: {}", err(&refused));
        assert!(!err(&refused).contains("hidden"), "{}", err(&refused));
    }
}

#[test]
fn a_file_that_was_asked_for_has_to_be_there() {
    for arguments in [
        &["--profile", "production", "config"][..],
        &["--config", "nowhere.toml", "config"],
        &["--profile", "../x", "config"],
    ] {
        let refused = run(&[], arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(err(&refused).contains(arguments[1]), "{}", err(&refused));
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("jangteo.toml"), "[server\n").unwrap();
    let refused = run_in(folder.path(), &[], &["config"], "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("jangteo.toml"), "{}", err(&refused));
}

#[test]
fn risky_values_are_warned_of() {
    for (name, value, key) in [
        ("JANGTEO__SERVER__BIND", "0.0.0.0:0", "server.bind"),
        ("JANGTEO__SERVER__TRUSTED_PROXIES", "10.0.0.0/8,0.0.0.0/0", "server.trusted_proxies"),
        ("JANGTEO__SERVER__CORS__ORIGINS", "http://shop.example.com", "server.cors.origins"),
        ("JANGTEO__SESSIONS__ACCESS_LIFETIME", "2h", "sessions.access_lifetime"),
        ("JANGTEO__RATE_LIMIT__ENABLED", "false", "rate_limit.enabled"),
        ("JANGTEO__PASSWORDS__MEMORY_KIB", "1024", "passwords"),
        ("JANGTEO__TELEMETRY__OTLP__ENDPOINT", "http://otel.example.com:4318", "telemetry.otlp.endpoint"),
    ] {
        let shown = run(&[(name, value)], &["config"]);
        assert_eq!(shown.status.code(), Some(0));
        let warned = err(&shown);
        assert!(warned.lines().any(|line| line.starts_with("warning: ") && line.contains(key)), "{warned}");
    }
}
