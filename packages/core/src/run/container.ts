import 'reflect-metadata';
import { Container } from 'inversify';

import type { AnyService } from '../contracts/plugin.js';
import type { InputPorts, OutputPorts, StageInstance } from '../contracts/stage.js';
import type { Token } from '../contracts/token.js';
import type { Plan, PlanNode } from '../plan/plan.js';

type AnyInstance = StageInstance<InputPorts, OutputPorts>;

/** What one run computes with. */
export interface RunContainer {
  /** The stage's instance with its services; these are created when a stage first needs them. */
  instance(node: PlanNode): Promise<AnyInstance>;
  /** Closes the services that were created, all of them; throws the first error of those that could not be closed. */
  close(): Promise<void>;
}

/** A fresh container for one run: services are singletons in it, and nothing lives on into the next run. */
export function createContainer(plan: Plan): RunContainer {
  const container = new Container();
  const created: { service: AnyService; instance: unknown }[] = [];
  for (const [name, service] of plan.registry.services) {
    container
      .bind<unknown>(serviceId(name))
      .toDynamicValue(async () => {
        const instance: unknown = await service.create();
        created.push({ service, instance });
        return instance;
      })
      .inSingletonScope();
  }
  for (const node of plan.nodes) {
    const { definition } = node.declared;
    container.bind<AnyInstance>(stageId(node)).toDynamicValue(async (context) => {
      const dependencies: Record<string, unknown> = {};
      for (const [name, token] of Object.entries(definition.dependencies)) {
        dependencies[name] = await context.getAsync(serviceId((token as Token<unknown>).name));
      }
      return definition.create(dependencies, node.options) as AnyInstance;
    });
  }
  return {
    instance: (node) => container.getAsync<AnyInstance>(stageId(node)),
    async close() {
      const errors: unknown[] = [];
      for (const { service, instance } of created.splice(0).reverse()) {
        try {
          await service.close?.(instance);
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}

const serviceId = (name: string) => Symbol.for(`privatesnn:service:${name}`);
const stageId = ({ id }: PlanNode) => Symbol.for(`privatesnn:stage:${id}`);
