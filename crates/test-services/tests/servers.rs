//! Real servers.
#![expect(clippy::unwrap_used, reason = "this is a test: what it did not expect ends it")]

use std::net::TcpStream;

use jangteo_test_services::{Authority, HaProxy, RedisCluster, RedisServer, Server, Service, Standby};

fn port(url: &str) -> u16 {
    let (_, rest) = url.split_once("127.0.0.1:").unwrap();
    rest.split('/').next().unwrap().parse().unwrap()
}

#[test]
fn a_server_has_databases_and_ends_with_its_handle() {
    for service in Service::ALL {
        let server = Server::start(service).unwrap();
        let (first, second) = (server.new_database(), server.new_database());
        assert_ne!(first, second);
        assert!(server.execute("CREATE DATABASE shop_0").is_err(), "{service} has it already");
        let port = port(&first);
        TcpStream::connect(("127.0.0.1", port)).unwrap();
        drop(server);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{service} is still there");
    }
}

#[test]
fn a_replica_that_hangs_still_ends_with_its_handle() {
    for service in Service::ALL {
        let primary = Server::start_primary(service).unwrap();
        let mut standby = Standby::of(&primary);
        let port = port(&standby.url(&primary.url("shop")));
        standby.pause();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
        drop(standby);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{service} is still there");
    }
}

#[test]
#[should_panic(expected = "was not started as a primary")]
fn only_a_primary_is_followed() {
    let _ = Standby::of(&Server::start(Service::MariaDb).unwrap());
}

#[test]
fn a_redis_server_comes_back_empty_at_its_address() {
    let mut server = RedisServer::start();
    let url = server.url();
    server.execute(&["SET", "a", "1"]).unwrap();
    assert_eq!(server.execute(&["GET", "a"]).unwrap(), "1");
    server.kill();
    assert!(server.execute(&["PING"]).is_err());
    server.restart();
    assert_eq!(server.execute(&["DBSIZE"]).unwrap(), "0");
    assert_eq!(server.url(), url);
    let port = port(&url);
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn the_nodes_of_a_cluster_share_its_slots() {
    let cluster = RedisCluster::start();
    for node in cluster.nodes() {
        let told = node.execute(&["CLUSTER", "INFO"]).unwrap();
        assert!(told.contains("cluster_state:ok") && told.contains("cluster_size:3"), "{told}");
    }
}

#[test]
fn an_encrypted_server_shows_its_certificate_and_takes_nothing_else() {
    let certificate = Authority::new().certificate("127.0.0.1");
    let mut server = Server::start_encrypted(Service::Postgres, &certificate).unwrap();
    assert_eq!(server.ask("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").unwrap(), "t");
    assert_eq!(server.ask("SELECT count(*) FROM pg_hba_file_rules WHERE type <> 'hostssl'").unwrap(), "0");
    server.show(&Authority::new().certificate("localhost")).unwrap();
    server.execute("SELECT 1").unwrap();

    let server = Server::start_encrypted(Service::MariaDb, &certificate).unwrap();
    let cipher = server.ask("SHOW STATUS LIKE 'Ssl_cipher'").unwrap();
    assert!(cipher.contains("TLS_"), "{cipher}");
    assert_eq!(server.ask("SELECT @@require_secure_transport").unwrap(), "1");

    let redis = RedisServer::start_encrypted(&certificate);
    assert_eq!(redis.execute(&["CONFIG", "GET", "port"]).unwrap(), "port\n0");
}

#[test]
fn a_proxy_listens_where_it_was_told_and_ends_with_its_handle() {
    let configuration = |address: &str| {
        format!(
            "defaults\n mode tcp\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n\
             listen nobody\n bind {address}\n"
        )
    };
    let proxy = HaProxy::start(configuration);
    let address = proxy.address();
    TcpStream::connect(&address).unwrap();
    drop(proxy);
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
#[should_panic(expected = "unknown keyword 'nonsense'")]
fn a_proxy_that_refuses_its_configuration_says_why() {
    let _ = HaProxy::start(|_| "nonsense\n".to_owned());
}
