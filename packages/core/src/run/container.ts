import 'reflect-metadata';
import { Container } from 'inversify';

import type { AnyService } from '../contracts/plugin.js';
import type { InputPorts, OutputPorts, StageInstance } from '../contracts/stage.js';
import type { Dependencies, ServiceResources } from '../contracts/token.js';
import { serviceFailed } from '../errors/templates/run.js';
import { madeInstance } from './made-instance.js';
import type { WorkNode } from './work.js';

/** The services of one process that works on a run. */
export interface RunContainer {
  /** The stage's instance with its services; these are created when a stage first needs them. */
  instance(node: WorkNode): Promise<StageInstance<InputPorts, OutputPorts>>;
  /** Closes the services that were created, all of them; throws the first error of those that could not be closed. */
  close(): Promise<void>;
}

/**
 * A fresh container: services are singletons in it, and nothing lives on into the next one.
 *
 * @param resources what each service may use
 */
export function createContainer(
  services: ReadonlyMap<string, AnyService>,
  resources: ServiceResources,
): RunContainer {
  const container = new Container();
  const created: { service: AnyService; instance: unknown }[] = [];
  const resolve = async (
    dependencies: Dependencies,
    get: (name: string) => Promise<unknown>,
  ): Promise<Record<string, unknown>> => {
    const resolved: Record<string, unknown> = {};
    for (const [name, token] of Object.entries(dependencies)) {
      resolved[name] = await get(token.name);
    }
    return resolved;
  };
  for (const [name, service] of services) {
    container
      .bind<unknown>(serviceId(name))
      .toDynamicValue(async (context) => {
        const dependencies = await resolve((service.dependencies ?? {}) as Dependencies, (other) =>
          context.getAsync(serviceId(other)),
        );
        const instance: unknown = await service.create(dependencies, resources);
        created.push({ service, instance });
        return instance;
      })
      .inSingletonScope();
  }
  return {
    async instance({ declared, options }) {
      const { definition } = declared;
      const dependencies = await resolve(definition.dependencies as Dependencies, (name) =>
        container.getAsync(serviceId(name)),
      );
      return madeInstance(definition.create(dependencies, options));
    },
    async close() {
      const errors: unknown[] = [];
      for (const { service, instance } of created.splice(0).reverse()) {
        try {
          await service.close?.(instance);
        } catch (error) {
          errors.push(serviceFailed(service.token.name, 'close()', error));
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}

const serviceId = (name: string) => Symbol.for(`privatesnn:service:${name}`);
