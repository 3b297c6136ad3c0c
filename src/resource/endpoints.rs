//! `Endpoints` and `EndpointSlice`: addresses of Services without a selector.

use super::Meta;
use super::reader::{Context, Field};
use crate::source::Spanned;

/// The addresses that an `Endpoints` or `EndpointSlice` gives a Service of its namespace.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Name, namespace.
    pub meta: Meta,
    /// The name of the Service: the object's own, or the label `kubernetes.io/service-name` of a slice.
    pub service: Box<str>,
    /// The addresses, each with the ports of its subset.
    pub addresses: Vec<EndpointAddress>,
}

/// One address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointAddress {
    /// The address with its place.
    pub address: Spanned<Box<str>>,
    /// Name (of the service port) and number of its ports.
    pub ports: Vec<(Box<str>, u16)>,
}

impl Endpoints {
    /// Reads an `Endpoints`.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let mut addresses = Vec::new();
        let subsets = root.child("subsets");
        for subset in subsets.items(cx) {
            let ports = ports(&subset, cx);
            let list = subset.child("addresses");
            for entry in list.items(cx) {
                addresses.extend(EndpointAddress::new(&entry.child("ip"), &ports));
            }
        }
        Self {
            service: meta.id.name.clone(),
            meta,
            addresses,
        }
    }

    /// Reads an `EndpointSlice`; none without the name of a Service.
    pub(super) fn decode_slice(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let service = meta.labels.get("kubernetes.io/service-name")?.into();
        let ports = ports(root, cx);
        let mut addresses = Vec::new();
        let endpoints = root.child("endpoints");
        for endpoint in endpoints.items(cx) {
            let list = endpoint.child("addresses");
            for address in list.items(cx) {
                addresses.extend(EndpointAddress::new(&address, &ports));
            }
        }
        Some(Self {
            meta,
            service,
            addresses,
        })
    }
}

impl EndpointAddress {
    /// An address with the ports of its subset; none for what is no text.
    fn new(address: &Field<'_>, ports: &[(Box<str>, u16)]) -> Option<Self> {
        let address = address.loose_text()?;
        Some(Self {
            address,
            ports: ports.to_vec(),
        })
    }
}

/// The ports of a subset or slice; a single port needs no name.
fn ports(field: &Field<'_>, cx: &mut Context<'_>) -> Vec<(Box<str>, u16)> {
    let list = field.child("ports");
    list.items(cx)
        .filter_map(|port| {
            let name = port.child("name").loose_text();
            let number = port.child("port").loose_port()?.value;
            Some((name.map_or_else(Box::default, |name| name.value), number))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::expect_resource;
    use super::*;

    #[test]
    fn every_address_has_the_ports_of_its_subset() {
        let text = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\nsubsets:\n- addresses: [{ip: 10.0.0.1}, {ip: 10.0.0.2}]\n  ports: [{name: tcp, port: 5432}]";
        let endpoints: Endpoints = expect_resource!(Endpoints, text);
        assert_eq!(&*endpoints.service, "db");
        let found: Vec<_> = endpoints
            .addresses
            .iter()
            .map(|a| (&*a.address.value, a.ports.len()))
            .collect();
        assert_eq!(found, [("10.0.0.1", 1), ("10.0.0.2", 1)]);
    }

    #[test]
    fn a_slice_names_its_service_by_a_label() {
        let text = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: db-x, labels: {kubernetes.io/service-name: db}}\nendpoints: [{addresses: [10.0.0.1]}]\nports: [{port: 5432}]";
        let endpoints: Endpoints = expect_resource!(Endpoints, text);
        assert_eq!(&*endpoints.service, "db");
        assert_eq!(endpoints.addresses[0].ports, [("".into(), 5432)]);
    }
}
