import { describe, expect, it } from "vitest";
import { all, failure } from "./cases.ts";

describe("a server that speaks German (lc_messages): what it means is read from code and routine", () => {
  all([
    [
      "53300",
      "zu viele Verbindungen für Rolle »app«",
      { routine: "InitializeSessionUserId" },
      "role-limit",
      /of the role/,
    ],
    [
      "53300",
      "zu viele Verbindungen für Datenbank »shop«",
      { routine: "CheckMyDatabase" },
      "role-limit",
      /of the database/,
    ],
    [
      "53300",
      "tut mir leid, schon zu viele Verbindungen",
      { routine: "ProcArrayAdd" },
      "too-many-clients",
      /slot/,
    ],
    [
      "28000",
      "pg_hba.conf lehnt Verbindung ab für Host »10.0.0.7«, Benutzer »app«, Datenbank »shop«, SSL-Verschlüsselung",
      { routine: "ClientAuthentication", tls: "yes" },
      "hba",
      /does not let this client in$/,
    ],
    [
      "28000",
      "kein pg_hba.conf-Eintrag für Host »10.0.0.7«, Benutzer »app«, Datenbank »shop«, keine Verschlüsselung",
      { routine: "ClientAuthentication", tls: "no" },
      "hba",
      /at least not without TLS/,
    ],
    [
      "28000",
      "Rolle »app« existiert nicht",
      { routine: "InitializeSessionUserId" },
      "auth",
      /does not exist, or may not log in/,
    ],
    [
      "28P01",
      "Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen",
      { routine: "auth_failed" },
      "auth",
      /credentials/,
    ],
    [
      "28000",
      "LDAP-Authentifizierung für Benutzer »app« fehlgeschlagen",
      { routine: "auth_failed" },
      "auth",
      /outside service/,
    ],
    [
      "55000",
      "Datenbank »shop« akzeptiert gegenwärtig keine Verbindungen",
      { routine: "CheckMyDatabase" },
      "no-logins",
      /Nobody may connect/,
    ],
    [
      "55000",
      "mit ungültiger Datenbank »shop« kann nicht verbunden werden",
      { routine: "InitPostgres" },
      "no-logins",
      /DROP DATABASE/,
    ],
    [
      "3D000",
      "Datenbank »shop« existiert nicht",
      { routine: "InitPostgres", detail: "Das Datenbankunterverzeichnis »base/16402« fehlt." },
      "corrupt",
      /files of the database/,
    ],
    [
      "42501",
      "keine Berechtigung für Datenbank shop",
      { routine: "CheckMyDatabase" },
      "no-connect-right",
      /no right to connect/,
    ],
    [
      "53200",
      "Shared Memory aufgebraucht",
      {
        routine: "LockAcquireExtended",
        hint: "Sie müssen möglicherweise »max_locks_per_transaction« erhöhen.",
      },
      "lock-table-full",
      /lock table/,
    ],
    [
      "53100",
      "konnte Größe des Shared-Memory-Segments »/PostgreSQL.18« nicht auf 16 Bytes ändern: Auf dem Gerät ist kein Speicherplatz mehr verfügbar",
      { routine: "dsm_impl_posix_resize" },
      "shm-full",
      /dev.shm/,
    ],
    [
      "57P03",
      "das Datenbanksystem startet",
      { routine: "ProcessStartupPacket" },
      "not-ready",
      /starting up, shutting down or recovering/,
    ],
  ]);

  it("says what tells the causes apart where neither code nor routine does", () => {
    const found = failure("28000", "pg_hba.conf lehnt Verbindung ab", { routine: "ClientAuthentication" });
    expect(found?.because).toMatch(/^Either /);
    expect(found?.advice).toMatch(/^To tell them apart: /);
  });
});
