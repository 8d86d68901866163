import { expect, test } from "vitest";
import { whyNotNamed } from "../../../runbooks/network/host-names.ts";

test.each([
  ["a.b.shop.lab", ["*.shop.lab"], "x", /one level only/],
  ["shop.lab", ["*.shop.lab"], "x", /bare domain/],
  ["10.0.0.5", ["shop.lab"], "x", /IP address/],
  ["shop.lab", [], "shop.lab", /no subject alternative names/],
  ["shop.lab", ["ingress.local"], "Kubernetes Ingress Controller Fake Certificate", /presents its default/],
  ["shop.lab", ["d1.cloudfront.net"], "x", /presents its default/],
  ["shop.lab", ["other.lab"], "other.lab", /^$/],
  // As others end with the same letters: no level of it.
  ["badshop.lab", ["*.shop.lab"], "x", /^$/],
])("%s and a certificate for %j", (host, names, subject, short) => {
  expect(whyNotNamed(host, { names, chain: [{ subject }] }).short).toMatch(short);
});
