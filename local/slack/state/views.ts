import type { Option } from "@slack/types";
import { nameBlocks } from "../blocks/interactive.ts";
import { stateOf } from "../blocks/values.ts";
import { SlackError } from "../errors.ts";
import type { CheckedView } from "../limits/check.ts";
import type { LocalValue, LocalValues, LocalView } from "../types.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";

const DEEPEST = 3;

/** The modals each person has open (a stack of at most three) and their home tab. */
export class Views {
  private readonly byId = new Map<string, LocalView>();
  private readonly stacks = new Map<string, readonly string[]>();
  private readonly homes = new Map<string, string>();
  private readonly offered = new Map<string, readonly Option[]>();
  private readonly clock: Clock;
  private readonly changes: Changes;

  constructor(clock: Clock, changes: Changes) {
    this.clock = clock;
    this.changes = changes;
  }

  private stack(user: string): readonly string[] {
    return this.stacks.get(user) ?? [];
  }

  /** The modal in front of a person. */
  top(user: string): LocalView | undefined {
    return this.byId.get(this.stack(user).at(-1) ?? "");
  }

  home(user: string): LocalView | undefined {
    return this.byId.get(this.homes.get(user) ?? "");
  }

  /** How many modals a person has open. */
  depth(user: string): number {
    return this.stack(user).length;
  }

  private build(
    view: CheckedView,
    user: string,
    id: string,
    links: Pick<LocalView, "root_view_id" | "previous_view_id">,
    kept: LocalValues,
  ): LocalView {
    const blocks = nameBlocks(view.blocks);
    const modal = view.type === "modal" ? view : undefined;
    return {
      id,
      hash: `${this.clock.now()}.${this.clock.id("")}`,
      type: view.type,
      user,
      callback_id: view.callback_id ?? "",
      private_metadata: view.private_metadata ?? "",
      ...(view.external_id === undefined ? {} : { external_id: view.external_id }),
      ...(modal === undefined ? {} : { title: modal.title }),
      ...(modal?.submit === undefined ? {} : { submit: modal.submit }),
      ...(modal?.close === undefined ? {} : { close: modal.close }),
      clear_on_close: modal?.clear_on_close ?? false,
      notify_on_close: modal?.notify_on_close ?? false,
      blocks,
      state: { values: stateOf(blocks, kept) },
      ...links,
    };
  }

  private refuseTakenName(view: CheckedView, except: string): void {
    const taken = [...this.byId.values()].some(
      (each) => each.external_id === view.external_id && each.id !== except,
    );
    if (view.external_id !== undefined && taken) throw new SlackError("duplicate_external_id");
  }

  private store(view: LocalView): LocalView {
    this.byId.set(view.id, view);
    this.changes.touch();
    return view;
  }

  /** A new modal in front of a person, in place of whatever was open. */
  open(user: string, view: CheckedView): LocalView {
    if (view.type !== "modal")
      throw new SlackError("invalid_arguments", ["only a modal can be opened [json-pointer:/view/type]"]);
    this.forget(user, this.stack(user));
    this.stacks.set(user, []);
    return this.push(user, view);
  }

  /** One more modal on top. Throws `push_limit_reached` above three. */
  push(user: string, view: CheckedView): LocalView {
    const stack = this.stack(user);
    if (stack.length >= DEEPEST) throw new SlackError("push_limit_reached");
    this.refuseTakenName(view, "");
    const id = this.clock.id("V");
    const links = { root_view_id: stack[0] ?? id, previous_view_id: stack.at(-1) ?? null };
    this.stacks.set(user, [...stack, id]);
    return this.store(this.build(view, user, id, links, {}));
  }

  /** Throws `not_found` for a view that is not open any more, `hash_conflict` when `hash` is not its latest. */
  update(reference: { id?: string; external?: string; hash?: string }, view: CheckedView): LocalView {
    const old = [...this.byId.values()].find(
      (each) =>
        each.id === reference.id ||
        (reference.external !== undefined && each.external_id === reference.external),
    );
    if (old === undefined) throw new SlackError("not_found");
    if (reference.hash !== undefined && reference.hash !== old.hash) throw new SlackError("hash_conflict");
    if (view.type !== old.type)
      throw new SlackError("invalid_arguments", [
        "the type of a view cannot change [json-pointer:/view/type]",
      ]);
    this.refuseTakenName(view, old.id);
    const links = { root_view_id: old.root_view_id, previous_view_id: old.previous_view_id };
    return this.store(this.build(view, old.user, old.id, links, old.state.values));
  }

  /** The home tab of a person, new or again. */
  publish(user: string, view: CheckedView, hash: string | undefined): LocalView {
    const old = this.home(user);
    if (old !== undefined) return this.update({ id: old.id, ...(hash === undefined ? {} : { hash }) }, view);
    if (view.type !== "home")
      throw new SlackError("invalid_arguments", [
        "only a home view can be published [json-pointer:/view/type]",
      ]);
    const id = this.clock.id("V");
    this.homes.set(user, id);
    return this.store(this.build(view, user, id, { root_view_id: id, previous_view_id: null }, {}));
  }

  /** A person puts something into an input. */
  fill(view: LocalView, blockId: string, actionId: string, value: LocalValue): LocalView {
    const values = { ...view.state.values, [blockId]: { ...view.state.values[blockId], [actionId]: value } };
    return this.store({ ...view, state: { values } });
  }

  /** Red lines below inputs; an empty record takes them away. */
  complain(view: LocalView, errors: Readonly<Record<string, string>>): LocalView {
    const { errors: _, ...calm } = view;
    return this.store(Object.keys(errors).length === 0 ? calm : { ...calm, errors });
  }

  private forget(user: string, ids: readonly string[]): void {
    for (const id of ids) this.byId.delete(id);
    this.stacks.set(
      user,
      this.stack(user).filter((id) => !ids.includes(id)),
    );
    this.changes.touch();
  }

  /** Takes one modal away. */
  close(view: LocalView): void {
    this.forget(view.user, [view.id]);
  }

  /** Takes every modal of a person away. */
  clear(user: string): void {
    this.forget(user, this.stack(user));
  }

  /** Remembers what the app offered for an external select, so that a choice can be looked up. */
  offer(surface: string, actionId: string, options: readonly Option[]): void {
    this.offered.set(`${surface} ${actionId}`, options);
  }

  offers(surface: string, actionId: string): readonly Option[] {
    return this.offered.get(`${surface} ${actionId}`) ?? [];
  }
}
