//! Real servers.
#![expect(clippy::unwrap_used, reason = "this is a test: what it did not expect ends it")]

use std::net::TcpStream;

use jangteo_test_services::{Server, Service};

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
